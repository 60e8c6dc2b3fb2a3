"""Handlers are called one at a time, and what they raise is heard."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from plugwire import Message, MessageType
from plugwire.aio.handlers import Teller, Worker, call
from plugwire.logs import BURST


def message(number: int) -> Message:
    return Message(
        event_name="load",
        timestamp_ms=number,
        timestamp_iso="",
        message_type=MessageType.DATA,
        data={"i": number},
    )


class Desk:
    """A worker, and what it told."""

    def __init__(self, handler: Callable[[Message], Any]) -> None:
        self.answers: list[tuple[int, Any]] = []
        self.acts: list[str] = []
        self.worker = Worker(
            handler,
            self.answer,
            spawn=asyncio.get_running_loop().create_task,
            limit=4,
            max_bytes=100,
            full=lambda: self.acts.append("full"),
            room=lambda: self.acts.append("room"),
        )

    def answer(
        self, heard: Message, result: Any, error: Exception | None
    ) -> None:
        self.answers.append((heard.data["i"], error or result))

    async def settled(self, count: int) -> list[int]:
        async with asyncio.timeout(20):
            while len(self.answers) < count:
                await asyncio.sleep(0)
        return [number for number, _ in self.answers]


async def test_plain_handlers_answer_at_once() -> None:
    desk = Desk(lambda heard: heard.data["i"] * 2)
    for number in range(3):
        desk.worker.handle(message(number))
    assert desk.answers == [(0, 0), (1, 2), (2, 4)]


async def test_one_at_a_time_in_order_with_a_bound() -> None:
    busy = 0

    async def handler(heard: Message) -> None:
        nonlocal busy
        busy += 1
        assert busy == 1
        await asyncio.sleep(0)
        busy -= 1

    desk = Desk(handler)
    for number in range(6):
        desk.worker.handle(message(number))
    assert desk.acts == ["full"]
    assert await desk.settled(6) == list(range(6))
    assert desk.acts == ["full", "room"]


async def test_what_waits_is_bounded_in_bytes_too() -> None:
    go = asyncio.Event()

    async def handler(heard: Message) -> None:
        await go.wait()

    desk = Desk(handler)
    desk.worker.handle(message(0))
    desk.worker.weigh(1000)  # of a read that brought nothing else
    assert desk.worker.waiting_bytes == 0
    desk.worker.handle(message(1))
    desk.worker.weigh(99)
    assert desk.acts == []
    assert desk.worker.waiting_bytes == 99
    desk.worker.handle(message(2))
    desk.worker.weigh(1)
    assert desk.acts == ["full"]
    go.set()
    assert await desk.settled(3) == [0, 1, 2]
    assert desk.acts == ["full", "room"]
    assert desk.worker.waiting_bytes == 0


async def test_a_message_weighs_what_all_its_reads_brought() -> None:
    go = asyncio.Event()

    async def handler(heard: Message) -> None:
        await go.wait()

    desk = Desk(handler)
    desk.worker.handle(message(0))
    desk.worker.weigh(40)
    for _ in range(3):
        desk.worker.weigh(40)
    assert desk.acts == []  # none is complete that would have to wait
    desk.worker.handle(message(1))
    desk.worker.weigh(40)
    assert desk.acts == ["full"]
    assert desk.worker.waiting_bytes == 160
    go.set()
    assert await desk.settled(2) == [0, 1]
    assert desk.acts == ["full", "room"]


async def test_the_bytes_of_a_read_are_let_go_with_its_last_message() -> None:
    gates = [asyncio.Event() for _ in range(4)]

    async def handler(heard: Message) -> None:
        await gates[heard.data["i"]].wait()

    desk = Desk(handler)
    for number in range(4):
        desk.worker.handle(message(number))
        if number != 1:  # comes in one read with the next one
            desk.worker.weigh(60)
    assert desk.acts == ["full"]
    gates[0].set()
    await desk.settled(1)
    assert desk.worker.waiting_bytes == 120
    gates[1].set()
    await desk.settled(2)
    assert desk.acts == ["full"]
    gates[2].set()
    await desk.settled(3)
    assert desk.acts == ["full", "room"]
    gates[3].set()
    await desk.settled(4)


async def test_what_is_dropped_weighs_nothing() -> None:
    begun = asyncio.Event()

    async def handler(heard: Message) -> None:
        begun.set()
        await asyncio.Event().wait()

    desk = Desk(handler)
    desk.worker.handle(message(0))
    desk.worker.handle(message(1))
    desk.worker.weigh(50)
    await begun.wait()
    await desk.worker.stop(finish=False)
    assert desk.worker.waiting_bytes == 0


async def test_a_plain_call_behind_a_coroutine_waits_its_turn() -> None:
    def handler(heard: Message) -> Any:
        if heard.data["i"] % 2:
            if heard.data["i"] == 3:
                raise ValueError("three")
            return None
        return asyncio.sleep(0)

    desk = Desk(handler)
    for number in range(5):
        desk.worker.handle(message(number))
    assert await desk.settled(5) == list(range(5))
    assert isinstance(desk.answers[3][1], ValueError)


async def test_stop_cancels_and_drops_what_waits() -> None:
    ended: list[int] = []

    async def handler(heard: Message) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(heard.data["i"])

    desk = Desk(handler)
    await desk.worker.stop(finish=False)
    for number in range(3):
        desk.worker.handle(message(number))
    await asyncio.sleep(0)
    await desk.worker.stop(finish=False)
    assert ended == [0]
    assert desk.answers == []


@pytest.mark.filterwarnings("error")
async def test_stopped_before_its_first_step_a_handler_is_closed() -> None:
    """A client may leave in the turn of the loop in which it spoke."""
    begun = list[int]()

    async def handler(heard: Message) -> None:
        begun.append(heard.data["i"])

    called = list[Coroutine[Any, Any, None]]()

    def call_it(heard: Message) -> Coroutine[Any, Any, None]:
        called.append(handler(heard))
        return called[-1]

    desk = Desk(call_it)
    desk.worker.handle(message(1))
    await desk.worker.stop(finish=False)
    assert begun == desk.answers == []
    assert inspect.getcoroutinestate(called[0]) == inspect.CORO_CLOSED


async def test_stop_may_let_all_that_waits_finish() -> None:
    go = asyncio.Event()

    async def handler(heard: Message) -> int:
        await go.wait()
        return int(heard.data["i"])

    desk = Desk(handler)
    for number in range(3):
        desk.worker.handle(message(number))
    stopping = asyncio.create_task(desk.worker.stop(finish=True))
    await asyncio.sleep(0)
    assert desk.answers == []
    go.set()
    await stopping
    assert [answer[0] for answer in desk.answers] == [0, 1, 2]


async def test_callbacks_are_told_in_order_whatever_they_raise(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told: list[int] = []
    teller = Teller()

    async def slow(number: int) -> None:
        await asyncio.sleep(0)
        told.append(number)
        await teller.done()  # from inside it returns at once
        if number == 2:
            raise ValueError("slow trouble")

    def plain(number: int) -> None:
        told.append(number)
        if number == 4:
            raise ValueError("plain trouble")

    for number in range(6):
        teller.tell("name", plain if number % 4 == 0 else slow, number)
    assert told == [0]
    await teller.done()
    assert told == list(range(6))
    assert "slow trouble" in caplog.text
    assert "plain trouble" in caplog.text
    await teller.done()
    teller.tell("name", plain, 6)
    assert told[-1] == 6


async def test_losses_that_wait_are_told_as_one() -> None:
    """However often a server tells of them, while `on_gap` is at one."""
    told: list[object] = []
    teller, go = Teller(), asyncio.Event()

    async def on_gap(client: object, missed: int | None) -> None:
        await go.wait()
        told.append((client, missed))

    for missed in (1, 2, 3):
        teller.tell_gap(on_gap, "me", missed)
    teller.tell("on_disconnect", told.append, "gone")
    for lost in (4, None, 5):
        teller.tell_gap(on_gap, "me", lost)
    go.set()
    await teller.done()
    assert told == [("me", 1), ("me", 5), "gone", ("me", None)]


async def test_call_takes_plain_and_async() -> None:
    async def slow(number: int) -> int:
        return number

    assert await call(slow, 1) == 1
    assert await call(lambda number: number, 2) == 2


async def test_a_server_cannot_fill_the_log_with_what_a_callback_raises(
    caplog: pytest.LogCaptureFixture,
) -> None:
    teller = Teller()

    def fails(client: object, missed: int | None) -> None:
        raise RuntimeError("each time")

    async def fails_later(client: object, missed: int | None) -> None:
        await asyncio.sleep(0)
        raise RuntimeError("each time")

    for handler in (fails, fails_later):
        for _ in range(5 * BURST):
            teller.tell_gap(handler, None, 1)
            await teller.done()
    assert len(caplog.records) == BURST
