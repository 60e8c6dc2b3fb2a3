"""The socket's file: telling dead from live, its mode, its removal."""

from __future__ import annotations

import errno
import logging
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from plugwire import AlreadyRunning, ConnectionFailed
from plugwire_unix import socketfile


@pytest.fixture
def bound(tmp_path: Path) -> Iterator[tuple[socket.socket, Path]]:
    path = tmp_path / "s.sock"
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(path))
        yield sock, path


def test_way_is_made_where_nothing_is(tmp_path: Path) -> None:
    socketfile.make_way(tmp_path / "s.sock")
    assert not (tmp_path / "s.sock").exists()


def test_a2_a_dead_socket_is_removed(
    bound: tuple[socket.socket, Path],
) -> None:
    sock, path = bound
    sock.close()
    assert path.exists()
    socketfile.make_way(path)
    assert not path.exists()


def test_a2_a_live_socket_is_unharmed(
    bound: tuple[socket.socket, Path],
) -> None:
    sock, path = bound
    sock.listen()
    with pytest.raises(AlreadyRunning) as caught:
        socketfile.make_way(path)
    assert f"pid {os.getpid()}" in caught.value.owner
    probe, _ = sock.accept()
    with probe:
        assert probe.recv(1) == b""  # it said nothing
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))


def test_a2_a_full_backlog_is_live(
    bound: tuple[socket.socket, Path],
) -> None:
    sock, path = bound
    sock.listen(0)
    waiting = []
    try:
        while True:
            client = socket.socket(socket.AF_UNIX)
            waiting.append(client)
            client.setblocking(False)
            if client.connect_ex(str(path)) == errno.EAGAIN:
                break
        with pytest.raises(AlreadyRunning, match="backlog is full"):
            socketfile.make_way(path)
    finally:
        for client in waiting:
            client.close()
    assert path.exists()


@pytest.mark.parametrize("kind", ["file", "folder", "link", "pipe"])
def test_a2_what_is_no_socket_is_left_as_it_is(
    tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "s.sock"
    if kind == "file":
        path.write_text("mine")
    elif kind == "folder":
        path.mkdir()
    elif kind == "link":
        path.symlink_to(tmp_path / "nowhere")
    else:
        os.mkfifo(path)
    before = path.lstat()
    with pytest.raises(ConnectionFailed, match="not a socket") as caught:
        socketfile.make_way(path)
    assert str(path) in str(caught.value)
    after = path.lstat()
    assert (before.st_ino, before.st_mode) == (after.st_ino, after.st_mode)


def test_b13_the_mode_goes_to_our_own_socket_alone(
    bound: tuple[socket.socket, Path], tmp_path: Path
) -> None:
    _, path = bound
    own = socketfile.identity(path)
    socketfile.give_mode(path, own, 0o640)
    assert stat.S_IMODE(path.lstat().st_mode) == 0o640
    victim = tmp_path / "victim"
    victim.write_text("")
    victim.chmod(0o600)
    path.unlink()
    victim.rename(path)
    with pytest.raises(OSError, match="somebody replaced it"):
        socketfile.give_mode(path, own, 0o666)
    assert stat.S_IMODE(path.lstat().st_mode) == 0o600


def test_only_our_own_socket_is_removed(
    bound: tuple[socket.socket, Path],
) -> None:
    _, path = bound
    own = socketfile.identity(path)
    path.unlink()
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        socketfile.remove(path, own)
        assert path.exists()
        socketfile.remove(path, socketfile.identity(path))
    assert not path.exists()
    socketfile.remove(path, own)  # gone already: nothing to say


def test_a_removal_that_fails_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "folder"
    path.mkdir()
    with caplog.at_level(logging.WARNING, "plugwire"):
        socketfile.remove(path, socketfile.identity(path))
    assert str(path) in caplog.text
    assert path.exists()
