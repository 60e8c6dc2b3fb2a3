"""The front door, as real processes: it counts, it ends, it leaves nothing."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

DEMO = Path(__file__).parents[2] / "docs" / "examples" / "demo.py"
CLIENTS = 3
SECONDS = 40.0


@pytest.fixture
def begin(
    place: Path, environment: dict[str, str]
) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts the demo with its temporary folder in `place`."""
    begun = []
    environment |= {"TMPDIR": str(place), "PYTHONUNBUFFERED": "1"}

    def start(*arguments: str, **streams: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, str(DEMO), *arguments],
            env=environment,
            cwd=place,
            text=True,
            **({"stdout": subprocess.PIPE} | streams),
        )
        begun.append(process)
        return process

    yield start
    for process in begun:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def closing(said: str) -> tuple[int, int, int, int]:
    """Sent, copies, received and lost of the closing line."""
    found = re.fullmatch(
        rf"sent (\d+) messages to {CLIENTS} clients, (\d+) in all: "
        r"received (\d+), lost (\d+)",
        said.splitlines()[-1],
    )
    assert found, said
    sent, copies, received, lost = map(int, found.groups())
    return sent, copies, received, lost


def until_live(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """The demo's children, once messages arrive."""
    assert process.stdout is not None
    for line in process.stdout:
        if " message " in line:
            break
    return psutil.Process(process.pid).children(recursive=True)


def test_thirty_messages_each_and_none_lost(begin, place: Path) -> None:
    said, _ = (process := begin()).communicate(timeout=SECONDS)
    assert process.returncode == 0
    assert closing(said) == (30, 30 * CLIENTS, 30 * CLIENTS, 0)
    assert "server    main     unix:" in said
    assert "server    remote   tcp:127.0.0.1:" in said
    assert re.search(r"reader 1  msgpack  message +30  cpu", said)
    assert re.search(r"reader 3  json     message +30  cpu", said)
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_the_count(begin, place, number: int) -> None:
    process = begin("--messages", "0")
    children = until_live(process)
    assert len(children) == 1 + CLIENTS
    process.send_signal(number)
    said, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 0
    sent, copies, received, lost = closing(said)
    assert sent > 0
    assert (copies, received, lost) == (sent * CLIENTS, sent * CLIENTS, 0)
    assert not [child for child in children if child.is_running()]
    assert list(place.iterdir()) == []


def test_children_end_with_a_demo_that_was_killed(begin, ended) -> None:
    process = begin("--messages", "0")
    children = until_live(process)
    process.kill()
    assert ended(children)


def test_what_a_reader_did_not_get_is_lost(begin) -> None:
    process = begin("--messages", "0")
    children = until_live(process)
    (reader, *_) = [c for c in children if "reader.py" in c.cmdline()[1]]
    reader.kill()
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=SECONDS)
    _, copies, received, lost = closing(said)
    assert process.returncode == 1
    assert lost == copies - received > 0


def test_a_terminal_shows_it_until_ctrl_c(begin) -> None:
    ours, theirs = pty.openpty()
    try:
        process = begin(stdout=theirs, stdin=theirs)
        os.close(theirs)
        said = ""
        while "message    31" not in said:  # past where others end
            said += os.read(ours, 65536).decode()
        process.send_signal(signal.SIGINT)
        try:
            while some := os.read(ours, 65536):
                said += some.decode()
        except OSError:  # Linux's word for the end of a terminal
            pass
        assert process.wait(SECONDS) == 0
        assert said.startswith("Ctrl-C ends it.")
        assert "\x1b[3A" in said
        sent, _, _, lost = closing(said.replace("\r\n", "\n"))
        assert sent > 30
        assert lost == 0
    finally:
        os.close(ours)


def test_a_server_that_cannot_start_is_told(
    begin, environment: dict[str, str], place: Path
) -> None:
    broken = place / "broken"
    broken.mkdir()
    (broken / "psutil.py").write_text("raise OSError('no load here')\n")
    environment["PYTHONPATH"] = str(broken)
    process = begin(stderr=subprocess.PIPE)
    _, complaint = process.communicate(timeout=SECONDS)
    process.stderr.close()
    assert process.returncode == 1
    assert "no load here" in complaint
    assert "the server did not start" in complaint
