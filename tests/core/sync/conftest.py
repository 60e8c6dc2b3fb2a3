"""Fixtures of the blocking face's own tests."""

from __future__ import annotations

import gc
import importlib.util
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import uvloop

from plugwire.sync import Client

# Test modules import these from this folder, which is no package.
if "peers" not in sys.modules:
    _spec = importlib.util.spec_from_file_location(
        "peers", Path(__file__).with_name("peers.py")
    )
    assert _spec is not None
    assert _spec.loader is not None
    sys.modules["peers"] = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules["peers"])

if TYPE_CHECKING:
    from peers import Host, Mute

Until = Callable[[Callable[[], object]], None]

DEADLINE = 20.0
"""Seconds that anything may take: a machine may be busy."""


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.002)


def descriptors() -> set[tuple[str, str]]:
    """What this process has open: number and target."""
    found = set()
    for path in Path("/proc/self/fd").iterdir():
        try:
            found.add((path.name, str(path.readlink())))
        except FileNotFoundError:  # the listing's own
            continue
    return found


@pytest.fixture(scope="session")
def libuv() -> None:
    """From the process's first loop on, it keeps a pipe for signals."""
    uvloop.new_event_loop().close()


@pytest.fixture(autouse=True)
def nothing_is_left(libuv: None) -> Iterator[None]:
    """After each test: no thread and no descriptor that was not before. A
    server that stopped behind a handler may take a moment."""
    threads = set(threading.enumerate())
    files = descriptors()
    yield
    gc.collect()
    wait_until(lambda: set(threading.enumerate()) <= threads)
    wait_until(lambda: descriptors() <= files)


@pytest.fixture
def until() -> Until:
    """Waits for a condition; 20 s are more than any takes."""
    return wait_until


@pytest.fixture
def told() -> Iterator[dict[str, Any]]:
    """Settings of servers and clients over Unix sockets, and nothing else.
    The path is short: a socket's may have 108 bytes in all."""
    place = Path(tempfile.mkdtemp(prefix="pw-"))
    yield {"socket_dir": str(place / "run"), "reconnect_delay": 0.01}
    shutil.rmtree(place)


@pytest.fixture
def inside(tmp_path: Path) -> dict[str, Any]:
    """Settings of servers and clients in this process."""
    return {
        "transport": "memory",
        "socket_dir": str(tmp_path),
        "reconnect_delay": 0.01,
    }


# ------------------------------------- a blocking client and its servers


@pytest.fixture(params=["unix", "tcp"])
def place(request: pytest.FixtureRequest, told: dict[str, Any]) -> Any:
    """Settings of a server and its clients, over each kind of socket."""
    if request.param == "unix":
        return told
    ports = {"port_range_start": 22000, "port_range_end": 22999}
    return {
        **told,
        "transport": "tcp",
        "permissions": ["anyone"],
        "tcp": ports,
    }


@pytest.fixture
def make_host() -> Iterator[Callable[..., Host]]:
    """Makes asyncio servers that run in threads of their own, started."""
    hosts: list[Host] = []

    def make(settings: dict[str, Any], **overrides: Any) -> Host:
        host = sys.modules["peers"].Host("event", {**settings, **overrides})
        hosts.append(host)
        return host.start()

    yield make
    for host in hosts:
        host.close()


@pytest.fixture
def host(make_host: Callable[..., Host], place: dict[str, Any]) -> Host:
    """A server over each kind of socket."""
    return make_host(place)


@pytest.fixture
def unix_host(make_host: Callable[..., Host], told: dict[str, Any]) -> Host:
    """A server over a Unix socket."""
    return make_host(told)


@pytest.fixture
def make_client() -> Iterator[Callable[..., Client]]:
    """Makes clients, which are disconnected at the end."""
    clients: list[Client] = []

    def make(settings: dict[str, Any], **named: Any) -> Client:
        client = Client("event", settings=settings, **named)
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.disconnect()


@pytest.fixture
def client(
    host: Host, place: dict[str, Any], make_client: Callable[..., Client]
) -> Client:
    """A client that has joined `host`."""
    client = make_client(place)
    client.connect()
    return client


@pytest.fixture
def unix_client(
    unix_host: Host, told: dict[str, Any], make_client: Callable[..., Client]
) -> Client:
    """A client that has joined `unix_host`."""
    client = make_client(told)
    client.connect()
    return client


@pytest.fixture
def mute(told: dict[str, Any]) -> Iterator[Mute]:
    """Where the server is to be, somebody who says nothing."""
    folder = Path(told["socket_dir"])
    folder.mkdir(mode=0o700)
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(str(folder / "event.sock"))
    mute: Mute = sys.modules["peers"].Mute(sock)
    yield mute
    mute.close()
