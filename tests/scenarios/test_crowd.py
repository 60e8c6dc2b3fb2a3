"""A crowd that connects and never says hello keeps nobody out."""

from __future__ import annotations

import resource
from collections.abc import Iterator

import pytest
from worlds import World

CROWD = """
import contextlib, errno, resource, selectors, socket, sys, threading, os
family, host, port, count = sys.argv[1:]
to = (host, int(port)) if family == "inet" else host
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
crowd = selectors.DefaultSelector()

def come():
    kind = socket.AF_INET if family == "inet" else socket.AF_UNIX
    sock = socket.socket(kind)
    sock.setblocking(False)
    if sock.connect_ex(to) in (0, errno.EINPROGRESS):
        crowd.register(sock, selectors.EVENT_READ)
        return True
    sock.close()  # a Unix socket's backlog is full
    return False

def see(patience):
    for key, _ in crowd.select(patience):
        try:
            gone = not key.fileobj.recv(1 << 16)
        except OSError:
            gone = True
        if gone:
            crowd.unregister(key.fileobj)
            key.fileobj.close()

def full(most):
    while len(crowd.get_map()) < int(count) and most:
        most -= 1
        if not come():
            return False
    return len(crowd.get_map()) == int(count)

while not full(100):
    see(0.01)
print("there", flush=True)
threading.Thread(
    target=lambda: (sys.stdin.readline(), os._exit(0)), daemon=True
).start()
while True:
    see(0.05)
    full(100)
"""
"""Keeps up so many connections, and comes again for each that is cut."""


@pytest.fixture(autouse=True)
def _many_files() -> Iterator[None]:
    """A server with as many connections as it takes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 20_000), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def where(address: str) -> tuple[str, str, str]:
    transport, _, place = address.partition(":")
    if transport == "unix":
        return "unix", place, "0"
    host, _, port = place.rpartition(":")
    return "inet", host, port


@pytest.mark.parametrize(
    ("transport", "codec"), [("unix", "msgpack"), ("tcp", "json")]
)
async def test_two_thousand_half_open_connections_keep_nobody_out(
    world: World,
) -> None:
    async with (
        world.server(handshake_timeout=60.0) as server,
        world.client() as inside,
        world.child(CROWD, *where(server.addresses["main"]), "2000") as crowd,
    ):
        server.on_message(lambda client, message: {})
        assert await crowd.line() == "there"
        for _ in range(3):
            async with world.client() as client:
                answer = await client.request({"i": 1})
                assert answer.data == {}
                assert server.stats.refused  # of the crowd
        assert inside.connected
        await inside.request({})
        await crowd.say("go")
        assert await crowd.ended() == 0
