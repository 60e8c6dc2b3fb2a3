"""What a client has received, and who waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest

from plugwire import ConnectionClosed, Message, MessageType
from plugwire.aio.mailbox import Mailbox


def message(number: int) -> Message:
    return Message(
        event_name="load",
        timestamp_ms=number,
        timestamp_iso="",
        message_type=MessageType.DATA,
        data={},
    )


class Box(Mailbox):
    """A mailbox that writes down when it holds and resumes."""

    def __init__(self, limit: int = 4) -> None:
        self.acts: list[str] = []
        super().__init__(
            limit,
            1000,
            lambda: self.acts.append("hold"),
            lambda: self.acts.append("resume"),
        )
        self.end = None

    async def next(self) -> Message:
        """What `Client.receive` does."""
        return self.take() or await self.wait()

    def receive(self, *messages: Message) -> None:
        """What one read brings, handed over."""
        self.put(messages, 10 * len(messages))
        self.hand_over()


async def waiting(box: Box, count: int) -> list[asyncio.Task[Message]]:
    tasks = [asyncio.create_task(box.next()) for _ in range(count)]
    await asyncio.sleep(0)
    return tasks


async def test_each_waiter_gets_its_message_in_order() -> None:
    box = Box()
    tasks = await waiting(box, 3)
    box.receive(message(1), message(2), message(3))
    assert [(await task).timestamp_ms for task in tasks] == [1, 2, 3]
    assert len(box) == 0


async def test_one_who_is_cancelled_after_the_wake_passes_it_on() -> None:
    box = Box()
    first, second = await waiting(box, 2)
    box.receive(message(1))
    first.cancel()
    assert (await second).timestamp_ms == 1
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_one_who_is_cancelled_before_is_forgotten() -> None:
    box = Box()
    first, second = await waiting(box, 2)
    first.cancel()
    await asyncio.sleep(0)
    box.receive(message(1))
    assert (await second).timestamp_ms == 1


async def test_it_holds_when_full_and_resumes_at_half() -> None:
    box = Box(limit=4)
    box.receive(*map(message, range(5)))
    box.receive(message(5))
    assert box.acts == ["hold"]
    assert box.is_held
    for _ in range(3):
        box.take()
    assert box.acts == ["hold"]
    box.take()
    assert box.acts == ["hold", "resume"]
    assert not box.is_held


async def test_the_end_is_told_to_all_and_does_not_grow() -> None:
    box = Box()
    tasks = await waiting(box, 3)
    box.receive(message(1))
    box.finish(ConnectionClosed("over"))
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(r, Message) for r in results] == [True, False, False]
    depths = set()
    for _ in range(5):
        with pytest.raises(ConnectionClosed, match="over") as caught:
            await box.wait()
        depths.add(len(caught.traceback))
    assert len(depths) == 1


async def test_a_waiting_task_consumes_while_the_loop_hands_over() -> None:
    """Not a turn of the loop later, and nothing is held that it takes."""
    box = Box(limit=2)
    taken: list[int] = []

    async def consume() -> None:
        while True:
            taken.append((await box.next()).timestamp_ms)

    task = asyncio.create_task(consume())
    await asyncio.sleep(0)
    seen: list[list[int]] = []

    def read() -> None:
        box.receive(message(1), message(2), message(3))
        seen.append(list(taken))

    asyncio.get_running_loop().call_soon(read)
    await asyncio.sleep(0)
    assert seen == [[1, 2, 3]]
    assert box.acts == []
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def from_the_loop(call: Callable[[], object]) -> None:
    """Have the loop do `call`, as it does a read: outside of any task."""
    asyncio.get_running_loop().call_soon(call)


async def test_one_alone_goes_straight_to_one_who_waits() -> None:
    """Nothing of it ever stands in the buffer."""
    puts: list[int] = []
    taken: list[tuple[int, int]] = []

    class Seen(Box):
        def put(self, messages: Sequence[Message], size: int) -> None:
            puts.append(len(messages))
            super().put(messages, size)

    box = Seen(limit=1)

    async def consume() -> None:
        while True:
            got = await box.next()
            taken.append((got.timestamp_ms, len(box)))

    task = asyncio.create_task(consume())
    await asyncio.sleep(0)

    def read() -> None:
        for number in range(3):
            box.deliver([message(number)], 10)

    from_the_loop(read)
    await asyncio.sleep(0)
    assert taken == [(0, 0), (1, 0), (2, 0)]
    assert (puts, box.acts) == ([], [])
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_delivered_by_a_task_it_waits_in_the_buffer() -> None:
    box = Box()
    (task,) = await waiting(box, 1)
    box.deliver([message(1)], 10)
    assert len(box) == 1
    assert (await task).timestamp_ms == 1
    assert len(box) == 0


async def test_what_is_delivered_never_overtakes_what_was_put() -> None:
    """One who was woken, and has not gone on, has not taken it yet."""
    box = Box()
    first, second = await waiting(box, 2)
    box.receive(message(1))  # by this task: wakes the first alone
    from_the_loop(lambda: box.deliver([message(2)], 10))
    assert (await first).timestamp_ms == 1
    assert (await second).timestamp_ms == 2


async def test_who_was_cancelled_just_before_is_given_nothing() -> None:
    box = Box()
    first, second = await waiting(box, 2)

    def read() -> None:
        first.cancel()
        box.deliver([message(1)], 10)
        box.deliver([message(2)], 10)

    from_the_loop(read)
    assert (await second).timestamp_ms == 1
    with pytest.raises(asyncio.CancelledError):
        await first
    assert (await box.next()).timestamp_ms == 2


async def test_who_is_given_one_and_is_then_cancelled_has_it() -> None:
    """There is no moment at which it is the task's and not yet taken."""
    box = Box()
    got: list[int] = []

    async def consume() -> None:
        got.append((await box.next()).timestamp_ms)
        await asyncio.sleep(60)

    task = asyncio.create_task(consume())
    await asyncio.sleep(0)

    def read() -> None:
        box.deliver([message(1)], 10)
        task.cancel()

    from_the_loop(read)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert got == [1]


async def test_a_wake_that_finds_nothing_waits_on() -> None:
    """Another took what it was woken for."""
    box = Box()
    (task,) = await waiting(box, 1)
    box.receive(message(1))
    assert box.take() is not None
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not task.done()
    from_the_loop(lambda: box.deliver([message(2)], 10))
    assert (await task).timestamp_ms == 2
