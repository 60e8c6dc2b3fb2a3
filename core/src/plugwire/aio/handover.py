"""Handing something to the task that waits for it, without a task switch.

A plain future has its task called by the loop, behind all else that is ready
and a look at all sockets. What a read brought is then cold, and each of a
thousand clients in one process has decoded before the first one consumes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from typing import Any, Self, TypeAlias, TypeVar

T = TypeVar("T")
_Step: TypeAlias = tuple[Callable[[Any], object], Context | None]


_set_result = asyncio.Future.set_result  # quicker than to ask super()


class Handover(asyncio.Future[T]):
    """A future that one task may await, and which can run that task's next
    step at once.

    In all else it is any future. Belongs to its loop.
    """

    _step: _Step | None = None

    def give(self, value: T) -> None:
        """`set_result`, and the task goes on before this returns.

        Called by a task it is `set_result` alone: a task's step cannot run
        within another's.
        """
        if self._step is None or asyncio.current_task() is not None:
            self.set_result(value)
            return
        _set_result(self, value)
        call, context = self._step
        if context is None:
            call(self)
        else:
            context.run(call, self)

    def set_result(self, result: T, /) -> None:
        """As of any future."""
        super().set_result(result)
        self._go_on()

    def set_exception(
        self, exception: type[BaseException] | BaseException, /
    ) -> None:
        """As of any future."""
        super().set_exception(exception)
        self._go_on()

    def expire(self) -> None:
        """Fail with `TimeoutError`, unless it is done: for a timer."""
        if not self.done():
            self.set_exception(TimeoutError())

    def cancel(self, msg: Any | None = None) -> bool:
        """As of any future; what a task's `cancel` calls."""
        if not super().cancel(msg):
            return False
        self._go_on()
        return True

    def add_done_callback(
        self,
        fn: Callable[[Self], object],
        /,
        *,
        context: Context | None = None,
    ) -> None:
        """What the task that awaits it calls, once."""
        assert self._step is None, "one task may wait for it"
        self._step = fn, context

    def _go_on(self) -> None:
        if self._step is not None:
            call, context = self._step
            self.get_loop().call_soon(call, self, context=context)
