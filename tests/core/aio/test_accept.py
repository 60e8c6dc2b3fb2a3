"""Accepting a connection."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from plugwire.aio.accept import accept


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
