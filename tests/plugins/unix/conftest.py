"""Fixtures: a folder, listeners that are closed again, another process."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from plugwire_unix import Unix, UnixSettings
from plugwire_unix.listener import UnixListener

SERVER = """
import sys, pathlib
from plugwire_unix import Unix
listener = Unix().bind("event", pathlib.Path(sys.argv[1]))
try:
    sockets = listener.open(16)
except Exception as error:
    print(type(error).__name__, error, flush=True)
else:
    print("open", flush=True)
    sys.stdin.readline()
    listener.close()
"""

MakeListener = Callable[..., UnixListener]
Spawn = Callable[[], "subprocess.Popen[str]"]


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    """Not made yet."""
    return tmp_path / "run"


@pytest.fixture
def path(run_dir: Path) -> Path:
    return run_dir / "event.sock"


@pytest.fixture
def make(run_dir: Path) -> Iterator[MakeListener]:
    """Listeners for `event`; whatever is open at the end is closed."""
    with contextlib.ExitStack() as stack:

        def listener(**settings: object) -> UnixListener:
            plugin = Unix(UnixSettings(**settings))  # type: ignore[arg-type]
            made = plugin.bind("event", run_dir)
            stack.callback(made.close)
            return made

        yield listener


@pytest.fixture
def spawn(run_dir: Path) -> Iterator[Spawn]:
    """Other processes that serve `event`."""
    with contextlib.ExitStack() as stack:

        def server() -> subprocess.Popen[str]:
            child = subprocess.Popen(
                [sys.executable, "-c", SERVER, str(run_dir)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            stack.enter_context(child)
            stack.callback(child.kill)
            return child

        yield server


@pytest.fixture
def connect(path: Path) -> Iterator[Callable[[], socket.socket]]:
    """Plain clients of the socket."""
    with contextlib.ExitStack() as stack:

        def client() -> socket.socket:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            stack.enter_context(sock)
            sock.connect(os.fspath(path))
            return sock

        yield client
