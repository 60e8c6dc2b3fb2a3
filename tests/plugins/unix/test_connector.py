from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

import pytest

from plugwire_unix import Unix


def test_a1_client_finds_the_server_by_the_path(make, run_dir: Path) -> None:
    listener = make()
    listener.open(16)
    connector = Unix().connect("event", run_dir)
    (target,) = connector.targets(None)
    assert target.family == socket.AF_UNIX
    assert target.text == target.address == listener.address
    with socket.socket(target.family) as sock:
        sock.connect(target.address)
        peer = connector.connected(sock)
    assert (peer.uid, peer.pid) == (os.geteuid(), os.getpid())


def test_told_path_comes_first_while_it_is_told(run_dir: Path) -> None:
    connector = Unix().connect("event", run_dir)
    assert not connector.looks_up
    (told,) = connector.targets("/else/where.sock")
    assert told.address == connector.address == "/else/where.sock"
    (own,) = connector.targets(None)
    assert own.address == str(run_dir / "event.sock")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOENT, "start the server"),
        (errno.ECONNREFUSED, "start the server"),
        (errno.EACCES, "socket_permissions"),
        (errno.EPERM, "socket_permissions"),
        (errno.EAGAIN, "raise its backlog"),
        (errno.EMFILE, "ulimit -n"),
        (errno.ENFILE, "ulimit -n"),
        (errno.EPROTOTYPE, "check that a server listens"),
    ],
)
def test_each_error_has_a_mend(number, words, run_dir: Path) -> None:
    connector = Unix().connect("event", run_dir)
    mend = connector.mend(OSError(number, os.strerror(number)))
    assert words in mend
    if "ulimit" not in mend and "backlog" not in mend:
        assert str(run_dir / "event.sock") in mend
