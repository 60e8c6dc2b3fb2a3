"""Faults of plugins at work."""

from __future__ import annotations

import socket

import pytest

CODECS = "plugwire.codecs"


def put(install, source):
    install(
        "acme-codec",
        {CODECS: {"acme": "acme_at_work:Acme"}},
        modules={"acme_at_work": source},
    )


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("raise RuntimeError('poison')", "RuntimeError: poison"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("import os; os._exit(7)", "it ended the process (exit status 7)"),
        ("while True: print('x' * 65536)", "it printed more than"),
        ("import no_such_module_of_acme", "ModuleNotFoundError"),
        ("Acme = 5", "is no class"),
    ],
)
def test_an_import_that_fails(doctor, install, source, words):
    put(install, source)
    found = doctor("--codec", "acme")
    assert "plugin-import" in found
    assert found.keys() <= {"plugin-import", "plugin-import-effects"}
    (finding,) = found["plugin-import"]
    assert words in finding["found"]
    assert "acme-codec 1.0" in finding["found"]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("print('hello')", "it prints 'hello'"),
        (
            "import threading, time\n"
            "threading.Thread(target=time.sleep, args=(600,), name='own',"
            " daemon=False).start()",
            "it starts threads (own)",
        ),
    ],
)
def test_an_import_that_does_more(doctor, install, source, words):
    good = "from plugwire_json import Json as Acme\n"  # any that works
    put(install, good + source)
    found = doctor("--codec", "acme")
    assert found.keys() == {"plugin-import-effects"}
    (finding,) = found["plugin-import-effects"]
    assert words in finding["found"]


def test_pipelines_that_cannot_be(doctor):
    found = doctor("--set", 'permissions=["rules"]')
    assert found.keys() == {"pipelines"}
    (finding,) = found["pipelines"]
    assert "a gate" in finding["found"]


def test_a_plugin_that_ends_the_process_when_it_is_made(doctor, install):
    put(
        install,
        "import os\nclass Acme:\n    def __init__(self): os._exit(9)\n",
    )
    found = doctor("--codec", "acme")
    assert found.keys() == {"pipelines"}
    assert "exit status 9" in found["pipelines"][0]["found"]


def test_a_path_that_is_too_long(doctor, folder):
    folder.mkdir(mode=0o700)
    found = doctor("--set", f"socket_dir={folder}/{'x' * 100}")
    assert found.keys() == {"socket-path"}
    (finding,) = found["socket-path"]
    assert "at most 10" in finding["found"]
    assert "shorter" in finding["mend"]


def test_a_path_that_is_too_long_for_one_event(doctor, folder):
    folder.mkdir(mode=0o700)
    room = 100 - len(str(folder)) - len("/x.sock") - 20
    place = f"socket_dir={folder}/{'x' * room}"
    assert doctor("x" * 8, "--set", place) == {}
    assert doctor("x" * 40, "--set", place).keys() == {"socket-path"}


def test_a_range_of_busy_ports(doctor):
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        found = doctor(
            "--transport", "tcp",
            "--set", f"tcp.port_range_start={port}",
            "--set", f"tcp.port_range_end={port}",
        )  # fmt: skip
    assert found.keys() == {"doors-open"}
    (finding,) = found["doors-open"]
    assert f"port {port} on 127.0.0.1 is busy" in finding["found"]
    assert "port_range_end" in finding["mend"]


def test_a_port_that_a_server_of_ours_has_is_no_finding(doctor, serving):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    args = ("--transport", "tcp", "--set", f"tcp.port={port}")
    server = serving("--keep", *args)
    assert doctor(*args) == {}
    server.signal(15)
    assert server.wait() == 0


def test_a_token_that_others_can_read(doctor, folder, tmp_path):
    token = tmp_path / "token"
    token.write_text("0" * 32 + "\n")
    token.chmod(0o644)
    args = ("--transport", "tcp", "--set", f"token.file={token}")
    found = doctor(*args)
    assert found.keys() == {"gates-ready"}
    assert "mode 0644" in found["gates-ready"][0]["found"]
    assert f"chmod 600 {token}" in found["gates-ready"][0]["mend"]
    token.unlink()
    assert doctor(*args) == {}
    assert not token.exists(), "the doctor makes nothing"
    assert not folder.exists(), "the doctor makes nothing"


def test_a_token_file_whose_folder_is_not_there(doctor, tmp_path):
    folder = tmp_path / "not here"
    key = f"token.file={folder / 'token'}"
    found = doctor("--transport", "tcp", "--set", key)
    assert found.keys() == {"gates-ready"}
    assert found["gates-ready"] == [
        {
            "subject": "the gate token of door main",
            "found": f"plugwire.token.file is {folder / 'token'}, and there "
            f"is no folder {folder}",
            "mend": f"mkdir -p -m 700 '{folder}', or name another file",
        }
    ]
    assert not folder.exists(), "the doctor makes nothing"
    # Where no door has the gate, its file is nobody's concern.
    assert doctor("--set", key) == {}


def test_a_token_file_where_none_can_be_made(doctor, tmp_path):
    place = tmp_path / "a file"
    place.touch()
    key = f"token.file={place / 'token'}"
    (finding,) = doctor("--transport", "tcp", "--set", key)["gates-ready"]
    assert finding["found"].endswith(f", and no file can be made in {place}")
    assert finding["mend"].startswith(f"make {place} a folder that you may")
