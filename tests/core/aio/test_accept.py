"""Accepting a connection."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plugwire.aio.accept import Acceptor, accept


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        sock.setblocking(False)
        yield sock


def knock(listening: socket.socket) -> socket.socket:
    return socket.create_connection(listening.getsockname())


async def test_who_waits_and_who_comes_later(
    listening: socket.socket,
) -> None:
    with knock(listening), await accept(listening) as first:
        assert first.gettimeout() == 0
    waiting = asyncio.create_task(accept(listening))
    await asyncio.sleep(0)
    with knock(listening), await waiting as second:
        assert second.gettimeout() == 0


@pytest.mark.parametrize("turns", range(5))
async def test_cancelled_in_any_turn_it_loses_nobody(
    listening: socket.socket, turns: int
) -> None:
    waiting = asyncio.create_task(accept(listening))
    await asyncio.sleep(0)
    with knock(listening) as caller:
        for _ in range(turns):
            await asyncio.sleep(0)
        waiting.cancel()
        try:
            found = await waiting
        except asyncio.CancelledError:
            found = await accept(listening)
        with found:
            assert found.getpeername() == caller.getsockname()
    del waiting, found
    gc.collect()  # a socket that nobody closed warns, and that is an error


async def test_a_listener_that_is_closed_raises(
    listening: socket.socket,
) -> None:
    listening.close()
    with pytest.raises(OSError):
        await accept(listening)


class Counted(Acceptor):
    """Counts the turns in which the loop found somebody at the door."""

    __slots__ = ("turns",)

    def __init__(self, listening: socket.socket) -> None:
        super().__init__(listening)
        self.turns = 0

    def _readable(self) -> None:
        self.turns += 1
        super()._readable()


async def turns(count: int = 20) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_the_loop_watches_on_for_who_asks_again(
    listening: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    acceptor = Acceptor(listening)
    loop = asyncio.get_running_loop()
    watched: list[int] = []
    add = loop.add_reader

    def noted(file: int, *rest: Any) -> None:
        watched.append(file)
        add(file, *rest)

    monkeypatch.setattr(loop, "add_reader", noted)
    for _ in range(3):
        waiting = asyncio.create_task(acceptor.next())
        await asyncio.sleep(0)
        with knock(listening), await waiting:
            pass
    acceptor.rest()
    assert watched == [listening.fileno()]


async def test_at_rest_who_knocks_wakes_nobody(
    listening: socket.socket,
) -> None:
    acceptor = Counted(listening)
    waiting = asyncio.create_task(acceptor.next())
    await asyncio.sleep(0)
    with knock(listening), await waiting:
        pass
    seen = acceptor.turns
    acceptor.rest()
    with knock(listening):
        await turns()
        assert acceptor.turns == seen
        (await acceptor.next()).close()
    acceptor.rest()
