"""Handing something to the task that waits for it, without a task switch.

A plain future has its task called by the loop, behind all else that is ready
and a look at all sockets. What a read brought is then cold, and each of a
thousand clients in one process has decoded before the first one consumes.
"""

from __future__ import annotations

import asyncio
from asyncio import current_task
from collections.abc import Callable, Generator
from contextvars import Context, copy_context
from typing import Any, Generic, TypeVar, cast

T = TypeVar("T")


class Handover(Generic[T]):
    """What one task may await, and which can run that task's next step at
    once.

    A future to tasks, by asyncio's protocol for those that are not its own.
    It serves again once what it was given is taken: to make one takes as
    long as all else here. Belongs to the loop that it is made in.
    """

    __slots__ = ("_asyncio_future_blocking", "_context", "_error", "call",
                 "is_done", "loop", "value")  # fmt: skip

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._asyncio_future_blocking = True
        self.call: Callable[[Any], object] | None = None
        """What has the task that waits go on; None where none does."""
        self._context: Context | None = None
        self._error: BaseException | None = None
        self.is_done = False
        """Whether it was given, failed or cancelled."""
        self.value: T | None = None
        """What was given."""

    def take(self) -> T:
        """What it was given; it is as new then."""
        value, self.value = self.value, None
        self.is_done = False
        return value  # type: ignore[return-value]

    # ------------------------------------------------------------- giving

    def give(self, value: T) -> None:
        """`set_result`, and the task goes on before this returns.

        Called by a task it is `set_result` alone: a task's step cannot run
        within another's.
        """
        if self.call is None or current_task(self.loop) is not None:
            self.set_result(value)
        else:
            self.step(value)

    def step(self, value: T) -> None:
        """`give`, where a task waits and none is running."""
        call, self.call = self.call, None
        self.is_done = True
        self.value = value
        self._context.run(call, self)  # type: ignore[union-attr, arg-type]

    def set_result(self, value: T) -> None:
        """The task goes on with `value` in the loop's next turn."""
        self.value = value
        self._go_on()

    def set_exception(self, error: BaseException) -> None:
        """The task goes on with `error` in the loop's next turn."""
        self._error = error
        self._go_on()

    def expire(self) -> None:
        """Fail with `TimeoutError`, unless it is done: for a timer."""
        if not self.is_done:
            self.set_exception(TimeoutError())

    def _go_on(self) -> None:
        self.is_done = True
        call, self.call = self.call, None
        if call is not None:
            self.loop.call_soon(call, self, context=self._context)

    # ------------------------------------------------------- for the task

    def __await__(self) -> Generator[Any, None, T]:
        if not self.is_done:
            yield self
        return self.result()

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """As of a future."""
        return self.loop

    def add_done_callback(
        self,
        call: Callable[[Any], object],
        /,
        *,
        context: Context | None = None,
    ) -> None:
        """What the task that awaits it calls, once."""
        assert self.call is None, "one task may wait for it"
        self.call = call
        self._context = copy_context() if context is None else context
        self._asyncio_future_blocking = True  # a task has cleared it

    def result(self) -> T:
        """What was given; raises what it failed with."""
        if self._error is not None:
            raise self._error
        return cast(T, self.value)

    def cancel(self, msg: Any | None = None) -> bool:
        """What a task's `cancel` calls; False where it is done."""
        if self.is_done:
            return False
        self.set_exception(
            asyncio.CancelledError(*(() if msg is None else (msg,)))
        )
        return True

    def cancelled(self) -> bool:
        """Whether it was cancelled."""
        return isinstance(self._error, asyncio.CancelledError)
