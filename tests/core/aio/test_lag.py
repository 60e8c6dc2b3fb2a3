"""Who lags, who has stalled, and who waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from types import SimpleNamespace
from typing import Any, cast

import pytest

from plugwire import Settings, TimedOut
from plugwire.aio.host import Guest, Host
from plugwire.aio.lag import LagWatch
from plugwire.outbox import Ledger
from plugwire.settings import Lag
from plugwire.stats import Stats


class Reader:
    """A guest of whom the test says how it reads."""

    def __init__(self, lag: Lag = Lag.DISCONNECT, queued: int = 0) -> None:
        self.lag = lag
        self.queued = self.queued_bytes = queued
        self.unsent_bytes = 100
        self.ended = self.stalled = False
        self.is_lagging = True
        self.lag_mark = (0.0, 0)
        self.relieved = 0

    def stall(self) -> None:
        self.ended = True

    def relieve(self, excess: int) -> None:
        self.relieved += 1


def watch(**settings: Any) -> tuple[LagWatch, SimpleNamespace]:
    host = SimpleNamespace(
        loop=asyncio.get_running_loop(),
        settings=Settings(**settings),
        stats=Stats(),
        ledger=Ledger(),
    )
    return LagWatch(cast(Host, host)), host


def waited(
    waiting: Coroutine[None, None, None] | None,
) -> Coroutine[None, None, None]:
    assert waiting is not None
    return waiting


def guest(reader: Reader) -> Guest:
    return cast(Guest, reader)


async def _until(condition: Any) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.001)


async def test_c5_one_that_takes_nothing_is_let_go() -> None:
    lag, host = watch(lag_grace=0.01)
    reader = Reader()
    lag.add(guest(reader))
    await _until(lambda: reader.ended)
    assert host.stats.stalled == 1
    lag.remove(guest(reader))
    lag.stop()


async def test_one_that_takes_a_large_frame_slowly_has_not_stalled() -> None:
    lag, host = watch(lag_grace=0.02)
    slow, stuck = Reader(Lag.DROP_OLDEST), Reader(Lag.DROP_OLDEST)
    lag.add(guest(slow))
    slow.unsent_bytes = 50
    await asyncio.sleep(0.01)
    lag.add(guest(stuck))
    while not stuck.stalled:
        slow.unsent_bytes -= 1
        await asyncio.sleep(0.001)
        assert not slow.stalled
    lag.moved(guest(stuck))
    assert not stuck.stalled
    await _until(lambda: stuck.stalled)
    assert host.stats.stalled == 3  # the slow one, too, once nothing moved
    assert not stuck.ended
    lag.stop()
    lag.stop()


async def test_one_that_moves_and_stops_again_stalls_again() -> None:
    lag, host = watch(lag_grace=0.01)
    reader = Reader(Lag.DROP_NEWEST)
    lag.add(guest(reader))
    for times in (1, 2, 3):
        await _until(lambda: reader.stalled)
        assert host.stats.stalled == times
        lag.moved(guest(reader))
        assert not reader.stalled
    lag.stop()


async def test_flush_returns_when_the_last_has_room() -> None:
    lag, _ = watch(outbox_messages=40, outbox_bytes=40)
    few, many = Reader(queued=3), Reader(queued=30)
    for reader in (few, many):
        lag.add(guest(reader))
    assert lag.wait(30, None) is None
    quarter = asyncio.create_task(waited(lag.wait(None, None)))
    empty = asyncio.create_task(waited(lag.wait(0, 20)))
    await asyncio.sleep(0)
    many.queued = many.queued_bytes = 9
    lag.moved(guest(many))
    await quarter
    assert not empty.done()
    for reader in (few, many):
        reader.is_lagging = False
        lag.remove(guest(reader))
    await empty
    assert lag.wait(0, 0) is None
    lag.stop()


async def test_flush_says_how_many_did_not_catch_up() -> None:
    lag, _ = watch()
    lag.add(guest(Reader(queued=999)))
    with pytest.raises(TimedOut, match="1 clients") as caught:
        await waited(lag.wait(None, 0.01))
    assert caught.value.seconds == 0.01
    lag.stop()


async def test_what_cannot_be_relieved_is_no_endless_loop() -> None:
    lag, host = watch(total_outbox_bytes=10)
    host.ledger.hold(b"x" * 100)
    lag.weigh()
    idle, heavy = Reader(), Reader(queued=100)
    lag.add(guest(idle))
    lag.weigh()
    lag.add(guest(heavy))
    lag.weigh()
    assert (idle.relieved, heavy.relieved) == (0, 1)
    lag.stop()
