"""Handing something to the task that waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar

import pytest

from plugwire.aio.handover import Handover

WHERE: ContextVar[str] = ContextVar("where", default="the loop's")


class Waiting:
    """A task that waits for a handover, and what it did in which order."""

    def __init__(self) -> None:
        self.turn = Handover[int]()
        self.acts: list[str] = []
        self.task = asyncio.create_task(self._wait())

    async def _wait(self) -> None:
        WHERE.set("the task's")
        try:
            number = await self.turn
        except asyncio.CancelledError:
            self.acts.append("cancelled")
            raise
        except (ValueError, TimeoutError) as error:
            self.acts.append(f"failed: {str(error) or 'time'}")
        else:
            self.acts.append(f"{number} in {WHERE.get()} context")

    def then(self, call: Callable[[], object]) -> None:
        """Have the loop do `call`, outside of any task."""

        def do() -> None:
            call()
            self.acts.append("called")

        asyncio.get_running_loop().call_soon(do)


async def started() -> Waiting:
    waiting = Waiting()
    await asyncio.sleep(0)
    return waiting


async def test_the_task_goes_on_within_the_call_and_in_its_context() -> None:
    waiting = await started()
    waiting.then(lambda: waiting.turn.give(7))
    await waiting.task
    assert waiting.acts == ["7 in the task's context", "called"]
    assert WHERE.get() == "the loop's"


async def test_called_by_a_task_it_goes_on_a_turn_later() -> None:
    waiting = await started()
    waiting.turn.give(7)
    assert waiting.acts == []
    await waiting.task
    assert waiting.acts == ["7 in the task's context"]


async def test_given_before_anyone_waits_it_is_there_at_once() -> None:
    waiting = Waiting()
    waiting.then(lambda: waiting.turn.give(7))
    await waiting.task
    waiting = Waiting()
    waiting.turn.give(8)
    await waiting.task
    assert waiting.acts == ["8 in the task's context"]


@pytest.mark.parametrize(
    ("call", "act"),
    [
        (lambda turn: turn.set_result(7), "7 in the task's context"),
        (lambda turn: turn.set_exception(ValueError("no")), "failed: no"),
        (lambda turn: turn.cancel(), "cancelled"),
        (lambda turn: turn.expire(), "failed: time"),
    ],
    ids=["set_result", "set_exception", "cancel", "expire"],
)
async def test_in_all_else_it_is_a_future(
    call: Callable[[Handover[int]], object], act: str
) -> None:
    waiting = await started()
    waiting.then(lambda: call(waiting.turn))
    await asyncio.wait([waiting.task])
    assert waiting.acts == ["called", act]


async def test_a_cancelled_task_leaves_it_cancelled() -> None:
    waiting = await started()
    waiting.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting.task
    assert waiting.turn.cancelled()
    assert not waiting.turn.cancel()


async def test_a_task_cancelled_after_the_handover_is_cancelled() -> None:
    waiting = await started()
    waiting.turn.give(7)
    waiting.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting.task
    assert waiting.acts == ["cancelled"]


async def test_what_ends_the_program_comes_out_of_the_call() -> None:
    """As it does out of any step of a task that the loop runs."""
    turn = Handover[None]()

    async def wait() -> None:
        await turn
        raise KeyboardInterrupt

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    caught: list[BaseException] = []

    def read() -> None:
        try:
            turn.give(None)
        except KeyboardInterrupt as error:
            caught.append(error)

    asyncio.get_running_loop().call_soon(read)
    await asyncio.wait([task])
    assert len(caught) == 1
    assert isinstance(task.exception(), KeyboardInterrupt)


async def test_a_timer_that_comes_late_changes_nothing() -> None:
    waiting = await started()
    waiting.turn.give(7)
    waiting.turn.expire()
    await waiting.task
    assert waiting.acts == ["7 in the task's context"]


async def test_it_serves_for_the_next_time_once_it_is_made_anew() -> None:
    turn = Handover[int]()
    got: list[int] = []

    async def wait() -> None:
        while True:
            got.append(await turn)
            assert turn.take() == got[-1]

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    seen: list[list[int]] = []

    def read() -> None:
        for number in range(3):
            turn.give(number)
            seen.append(list(got))

    asyncio.get_running_loop().call_soon(read)
    await asyncio.sleep(0)
    assert seen == [[0], [0, 1], [0, 1, 2]]
    turn.set_result(3)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert got == [0, 1, 2, 3]
    assert turn.call is not None
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert turn.call is None


async def test_a_task_gets_the_word_with_which_it_is_cancelled() -> None:
    waiting = await started()
    waiting.task.cancel("enough")
    with pytest.raises(asyncio.CancelledError, match="enough"):
        await waiting.task
