"""One attempt to connect."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from plugwire import ConnectionFailed
from plugwire.aio.dial import dial
from plugwire.aio.link import Link
from plugwire.interfaces import Peer, Target


class Nearby:
    """A connector to ports of this machine."""

    address = "here"

    def __init__(self, *ports: int, looks_up: bool = False) -> None:
        self._ports = ports
        self.looks_up = looks_up

    def targets(self, told: str | None) -> Sequence[Target]:
        return [
            Target(socket.AF_INET, ("127.0.0.1", port), f"port {port}")
            for port in self._ports
        ]

    def connected(self, sock: socket.socket) -> Peer:
        return Peer(transport="near", address="here")

    def mend(self, error: OSError) -> str:
        return "knock louder"


class Quiet(asyncio.Protocol):
    """In place of a link: dial does not look into it."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)


def make(peer: Peer) -> Link:
    return cast(Link, Quiet(peer))


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.mark.parametrize("looks_up", [False, True])
async def test_the_first_target_that_answers_is_taken(looks_up: bool) -> None:
    listener = await asyncio.start_server(
        lambda reader, writer: writer.close(), "127.0.0.1", 0
    )
    async with listener:
        port = listener.sockets[0].getsockname()[1]
        near = Nearby(free_port(), port, looks_up=looks_up)
        link = cast(Any, await dial(near, make, None))
        assert link.peer.transport == "near"
        link.transport.abort()
        await asyncio.sleep(0)


async def test_none_that_answers_is_told_with_the_mend() -> None:
    one, two = free_port(), free_port()
    with pytest.raises(ConnectionFailed, match="knock louder") as caught:
        await dial(Nearby(one, two), make, None)
    assert f"port {one}, port {two}" in str(caught.value)
    assert caught.value.address == "here"
    assert isinstance(caught.value.__cause__, OSError)


async def test_cancelled_it_leaves_nothing_open() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        files = len(list(Path("/proc/self/fd").iterdir()))
        tries = [
            asyncio.create_task(dial(Nearby(port), make, None))
            for _ in range(5)
        ]
        await asyncio.sleep(0)
        for task in tries:
            task.cancel()
        for result in await asyncio.gather(*tries, return_exceptions=True):
            if isinstance(result, Quiet):
                result.transport.abort()
        await asyncio.sleep(0)
        assert len(list(Path("/proc/self/fd").iterdir())) == files
