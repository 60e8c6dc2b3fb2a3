"""Imports that do more than define, and the check that says so."""

from __future__ import annotations

import sys

import pytest

linux = pytest.mark.skipif(
    sys.platform != "linux", reason="/proc tells of native threads"
)


@pytest.mark.parametrize(
    ("by", "code", "words"),
    [
        ("test_its_import_succeeds", "1 / 0", "ZeroDivisionError"),
        ("test_its_import_succeeds", "raise SystemExit(3)", "SystemExit: 3"),
        (
            "test_its_import_succeeds",
            "import os; os._exit(3)",
            "the importing process ended with 3",
        ),
        (
            "test_each_target_is_a_class",
            "def Toy(): ...\n_, Toy = Toy, Toy",
            "expected a class, found function",
        ),
        ("test_its_import_says_nothing", "print('hello')", "'hello"),
        (
            "test_its_import_says_nothing",
            "import os; os.write(2, b'directly')",
            "'directly",
        ),
        (
            "test_its_import_leaves_no_thread",
            "import threading\n"
            "threading.Thread(target=threading.Event().wait, daemon=True,"
            " name='idler').start()",
            "idler",
        ),
        (
            "test_its_import_starts_no_process",
            "import subprocess, sys\n"
            "subprocess.run([sys.executable, '-c', ''])",
            "subprocess.Popen",
        ),
        (
            "test_its_import_opens_no_socket",
            "import socket; socket.socket().close()",
            "expected no socket to be opened",
        ),
        (
            "test_its_import_opens_no_socket",
            "import asyncio; loop = asyncio.new_event_loop()",
            "expected no socket to be opened",
        ),
        (
            "test_its_import_writes_no_file",
            "open('cache', 'w').close()",
            "open cache",
        ),
        (
            "test_its_import_writes_no_file",
            "import os; os.mkdir('cache')",
            "os.mkdir cache",
        ),
        (
            "test_its_import_changes_nothing",
            "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)",
            "the handler of SIGTERM",
        ),
        (
            "test_its_import_changes_nothing",
            "import os; os.environ['TOY'] = '1'",
            "a change of the environment",
        ),
        (
            "test_its_import_changes_nothing",
            "import logging; logging.basicConfig()",
            "a change of the root logger",
        ),
        ("test_it_imports_no_tools", "import pydantic", "found pydantic"),
        (
            "test_it_imports_no_other_plugin",
            "import plugwire_json",
            "found plugwire_json",
        ),
    ],
)
def test_an_import_that_does_more_is_caught(
    turned_down, by, code, words
) -> None:
    last = "lambda: LinesDecoder(max_message_bytes)\n"
    said = turned_down(by, source=(last, f"{last}{code}\n"))
    assert words in said


@linux
def test_a_thread_that_python_does_not_know_is_caught(turned_down) -> None:
    code = (
        "import _thread, threading\n"
        "begun, never = threading.Lock(), threading.Lock()\n"
        "begun.acquire(), never.acquire()\n"
        "def idle(): begun.release(), never.acquire()\n"
        "_thread.start_new_thread(idle, ())\n"
        "begun.acquire()\n"
    )
    last = "lambda: LinesDecoder(max_message_bytes)\n"
    said = turned_down(
        "test_its_import_leaves_no_thread", source=(last, last + code)
    )
    assert "native " in said


def test_imports_of_its_own_are_its_own_affair(approved) -> None:
    first = "from plugwire import hookimpl\n"
    code = "import asyncio, socket, subprocess, threading\n"
    for by in ("test_its_import_opens_no_socket", "test_it_imports_no_tools"):
        assert approved(by, source=(first, first + code)) == "passed"
