"""When to give up waiting for answers."""

from __future__ import annotations

import asyncio

import pytest

from plugwire.aio.deadlines import Deadlines
from plugwire.aio.handover import Handover


class Timers:
    """Counts the timers that a loop is asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made = 0
        loop = asyncio.get_running_loop()
        call_at = loop.call_at

        def counted(*arguments: object) -> asyncio.TimerHandle:
            self.made += 1
            return call_at(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(loop, "call_at", counted, raising=False)


async def ends(turn: Handover[int]) -> str:
    try:
        return str(await turn)
    except TimeoutError:
        return "late"


async def test_each_fails_at_its_own_time() -> None:
    deadlines = Deadlines()
    order: list[str] = []

    async def wait(name: str, seconds: float) -> None:
        turn: Handover[int] = Handover()
        deadlines.add(turn, seconds)
        order.append(f"{name} {await ends(turn)}")
        deadlines.drop(turn)

    await asyncio.gather(
        wait("third", 0.03),
        wait("first", 0.0),
        wait("fourth", 0.04),
        wait("second", 0.02),
    )
    assert order == ["first late", "second late", "third late", "fourth late"]


async def test_none_fails_before_its_time() -> None:
    deadlines, loop = Deadlines(), asyncio.get_running_loop()
    first: Handover[int] = Handover()
    second: Handover[int] = Handover()
    deadlines.add(first, 0.01)
    deadlines.add(second, 0.03)
    start = loop.time()
    first.give(1)
    deadlines.drop(first)
    assert await ends(second) == "late"
    assert loop.time() - start >= 0.03 - 0.001  # a clock has its steps


async def test_what_is_dropped_or_given_does_not_fail() -> None:
    deadlines = Deadlines()
    dropped, given, last = Handover[int](), Handover[int](), Handover[int]()
    deadlines.add(dropped, 0.0)
    deadlines.add(given, 0.0)
    deadlines.add(last, 0.01)
    deadlines.drop(dropped)
    given.give(1)
    assert await ends(last) == "late"
    assert not dropped.is_done
    assert await ends(given) == "1"


async def test_one_timer_stands_for_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    timers, deadlines = Timers(monkeypatch), Deadlines()
    for _ in range(1000):
        turn = Handover[int]()
        deadlines.add(turn, 5.0)
        turn.give(1)
        deadlines.drop(turn)
    assert timers.made == 1


async def test_a_nearer_one_has_the_timer_set_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    timers, deadlines = Timers(monkeypatch), Deadlines()
    far, near = Handover[int](), Handover[int]()
    deadlines.add(far, 60.0)
    deadlines.add(near, 0.0)
    assert timers.made == 2
    assert await ends(near) == "late"
    deadlines.drop(near)
    assert not far.is_done
    assert timers.made == 3  # for the far one again
    deadlines.drop(far)


async def test_after_an_idle_time_it_is_set_again() -> None:
    deadlines = Deadlines()
    for _ in range(3):
        turn = Handover[int]()
        deadlines.add(turn, 0.001)
        assert await ends(turn) == "late"
        deadlines.drop(turn)
