"""Faults of the folder of sockets."""

from __future__ import annotations

import os
import signal
import socket
import stat
from pathlib import Path

import pytest

from plugwire.rundir import EventLock, lock_path


@pytest.fixture
def there(folder):
    folder.mkdir(mode=0o700)
    return folder


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("run", "no absolute path"),
        ("/no/such/folder/of/plugwire", "no such folder"),
    ],
)
def test_a_runtime_folder_that_is_none(
    doctor, folder, monkeypatch, value, words
):
    monkeypatch.setenv("HOME", str(folder.parent))
    monkeypatch.setenv("XDG_RUNTIME_DIR", value)
    found = doctor()
    assert found.keys() == {"runtime-dir"}
    assert words in found["runtime-dir"][0]["found"]
    assert doctor("--set", f"socket_dir={folder}") == {}


def test_a_runtime_folder_that_others_write_to(doctor, folder):
    folder.parent.chmod(0o777)
    assert doctor().keys() == {"runtime-dir"}


def test_a_runtime_folder_of_somebody_elses(doctor, monkeypatch):
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    found = doctor()
    assert found.keys() == {"runtime-dir"}
    assert f"uid {me};" in found["runtime-dir"][0]["found"]


def test_without_a_runtime_folder_there_is_a_home(doctor, folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder.parent))
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert doctor() == {}


def test_a_folder_that_others_write_to(doctor, there):
    there.chmod(0o777)
    found = doctor()
    assert found.keys() == {"socket-dir"}
    assert found["socket-dir"][0]["mend"] == f"chmod 700 {there}"


def test_a_folder_that_is_a_link(doctor, folder, tmp_path):
    folder.symlink_to(tmp_path)
    assert doctor().keys() == {"socket-dir"}


def test_a_token_that_others_can_read(doctor, there):
    (there / "token").write_text("0" * 32 + "\n")
    (there / "token").chmod(0o644)
    found = doctor()
    assert found.keys() == {"private-files"}
    (finding,) = found["private-files"]
    assert finding["subject"] == f"{there}/token"
    assert finding["mend"].startswith(f"chmod 600 {there}/token")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_file_of_somebody_elses(doctor, there):
    (there / "token").touch(mode=0o600)
    os.chown(there / "token", 4711, 4711)
    assert doctor().keys() == {"private-files"}


def test_a_dead_socket(doctor, there):
    path = there / "load.readers.sock"
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(path))
    found = doctor()
    assert found.keys() == {"stale-sockets"}
    assert found["stale-sockets"][0]["subject"] == str(path)
    # Whoever holds the event has this door too.
    lock = EventLock(lock_path(there, "load"))
    lock.acquire()
    try:
        assert doctor() == {}
    finally:
        lock.release()
    assert stat.S_ISSOCK(path.lstat().st_mode), "the doctor changes nothing"


def test_a_lock_that_names_a_dead_server(doctor, there):
    path = there / "load.lock"
    path.touch(mode=0o600)
    assert doctor() == {}
    path.write_text("pid 4711 (daemon)\n")
    assert doctor().keys() == {"stale-locks"}


def test_a_doors_file_of_a_dead_server(doctor, there):
    path = there / "load.doors"
    path.touch(mode=0o600)
    found = doctor()
    assert found.keys() == {"stale-doors"}
    assert found["stale-doors"][0]["mend"].endswith(f"rm {path}")


def test_a_crash_is_seen_and_a_new_server_mends_it(doctor, serving):
    server = serving("--keep")
    assert doctor("load") == {}
    server.signal(signal.SIGKILL)
    server.wait()
    found = doctor("load")
    assert found.keys() == {"stale-sockets", "stale-locks", "stale-doors"}
    again = serving("--keep")
    assert doctor("load") == {}
    again.signal(signal.SIGTERM)
    again.wait()
    assert doctor("load") == {}


def test_a_folder_is_not_read_for_ever(doctor, there, monkeypatch):
    monkeypatch.setattr("plugwire.cli.doctor.folders.MOST", 3)
    for number in range(9):
        Path(there / f"x{number}.doors").touch(mode=0o600)
    assert len(doctor()["stale-doors"]) == 3
