"""Calls of the application's handlers, one at a time for a client.

A plain function is called in the loop, at once where nothing of that client
waits. A coroutine function runs in a task of the client's own, so that one
which hangs costs that client alone.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, TypeVar

from msgspec import Struct

from plugwire.aio.tasks import begin
from plugwire.logs import Limiter, note
from plugwire.message import Message
from plugwire.registry import ClientInfo
from plugwire.standing import together

T = TypeVar("T")

_GAP = "on_gap"


class Handlers(Struct):
    """The application's callbacks.

    `finish` lets `on_message` handle all that a client said before it left
    (of `PARTING_CLIENTS` at once); else what runs then is cancelled, and what
    waits is dropped.
    """

    finish: bool = False
    on_connect: Callable[[ClientInfo], object | Awaitable[object]] | None = (
        None
    )
    on_disconnect: (
        Callable[[ClientInfo, str], object | Awaitable[object]] | None
    ) = None
    on_message: Callable[[ClientInfo, Message], Any] | None = None
    snapshot: Callable[[ClientInfo], Mapping[str, Any] | None] | None = None


class Worker:
    """Handles one client's messages in order.

    `spawn` makes the client's task; `answer` gets each message with what its
    handler returned, or raised. `full` and `room` are called when `limit`
    messages wait, or `max_bytes` of them, and when no more than half of both
    are left: the connection stops and resumes reading. `task` is that of the
    handler under way, None between them; `waiting_bytes` what all that waits
    weighs.
    """

    __slots__ = ("_answer", "_begun", "_first", "_full", "_handler",
                 "_has_just_begun", "_is_full", "_limit", "_max_bytes",
                 "_room", "_spawn", "_waiting", "task",
                 "waiting_bytes")  # fmt: skip

    def __init__(
        self,
        handler: Callable[[Message], Any],
        answer: Callable[[Message, Any, Exception | None], None],
        *,
        spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
        limit: int,
        max_bytes: int,
        full: Callable[[], None],
        room: Callable[[], None],
    ) -> None:
        self._handler = handler
        self._answer = answer
        self._spawn = spawn
        self._limit = limit
        self._max_bytes = max_bytes
        self._full = full
        self._room = room
        self._is_full = False
        # With each message the bytes that are let go when it is taken: with
        # the last one of a read all that the read brought.
        self._waiting: deque[tuple[Message, int]] = deque()
        self._begun = 0
        self._has_just_begun = False
        # What the task is to await, until it has begun.
        self._first: Awaitable[Any] | None = None
        self.task: asyncio.Task[None] | None = None
        self.waiting_bytes = 0

    def handle(self, message: Message) -> None:
        """Handle `message`, behind those that wait."""
        if self.task is None:
            pending = self._call(message)
            if pending is not None:
                self._first = pending
                self.task = self._spawn(self._run(message))
                self._has_just_begun = True
            return
        self._waiting.append((message, 0))
        if len(self._waiting) >= self._limit and not self._is_full:
            self._is_full = True
            self._full()

    def weigh(self, size: int) -> None:
        """A read of `size` bytes is through, and a handler under way. So
        much do the messages weigh that it completed; where it completed
        none, it adds to the next one."""
        waiting = self._waiting
        if self._has_just_begun:
            self._has_just_begun = False
            if not waiting:
                return  # it brought what the handler has
        self._begun += size
        if not waiting or waiting[-1][1]:
            return
        waiting[-1] = waiting[-1][0], self._begun
        self.waiting_bytes += self._begun
        self._begun = 0
        if self.waiting_bytes >= self._max_bytes and not self._is_full:
            self._is_full = True
            self._full()

    def _call(self, message: Message) -> Awaitable[Any] | None:
        """Call the handler; answer at once, or give back what to await."""
        try:
            result = self._handler(message)
        except Exception as error:
            self._answer(message, None, error)
            return None
        # Asked last, for it takes longer than all else here.
        if type(result) is not dict and inspect.isawaitable(result):
            return result
        self._answer(message, result, None)
        return None

    async def _run(self, message: Message) -> None:
        first, self._first = self._first, None
        while True:
            if first is not None:
                await self._finish(message, first)
            if not self._waiting:
                self.task = None
                self._begun = 0
                return
            message, size = self._waiting.popleft()
            self.waiting_bytes -= size
            if self._is_full and self._has_room():
                self._is_full = False
                self._room()
            first = self._call(message)

    def _has_room(self) -> bool:
        return (
            len(self._waiting) <= self._limit // 2
            and self.waiting_bytes <= self._max_bytes // 2
        )

    async def _finish(self, message: Message, pending: Awaitable[Any]) -> None:
        try:
            result = await pending
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # The handler's own: it cancelled what it waited for.
            failure = RuntimeError("the handler was cancelled")
            failure.__cause__ = error
            self._answer(message, None, failure)
        except Exception as error:
            self._answer(message, None, error)
        else:
            self._answer(message, result, None)

    async def stop(self, *, finish: bool) -> None:
        """Cancel what runs and drop what waits, unless it is to `finish`,
        and return when it is over."""
        task = self.task
        if not finish:
            self._waiting.clear()
            self.waiting_bytes = 0
            if task is not None and task is not asyncio.current_task():
                task.cancel()
        if task is not None and task is not asyncio.current_task():
            await asyncio.wait([task])
        first, self._first = self._first, None
        if inspect.iscoroutine(first):
            first.close()  # cancelled before its first step


class Teller:
    """Calls a client's callbacks, in order and one at a time.

    A plain function is called at once where no coroutine of another is
    under way; what a callback raises is logged.
    """

    __slots__ = ("_limiter", "_task", "_waiting")

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, Callable[..., object], Any]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._limiter = Limiter()  # a server has on_gap called at its will

    def tell(
        self, name: str, handler: Callable[..., object], *arguments: object
    ) -> None:
        """Call `handler`, named `name` in the log, behind those before."""
        self._tell(name, handler, arguments)

    def tell_gap(
        self,
        handler: Callable[[Any, int | None], object],
        client: object,
        missed: int | None,
    ) -> None:
        """`tell`, of messages that were missed; with those of which the last
        one that waits is to tell, where it does: a server tells of losses as
        often as it likes."""
        if self._waiting and self._waiting[-1][0] == _GAP:
            _, _, (_, before) = self._waiting.pop()
            missed = together(before, missed)
        self._tell(_GAP, handler, (client, missed))

    def _tell(
        self,
        name: str,
        handler: Callable[..., object],
        arguments: tuple[object, ...],
    ) -> None:
        self._waiting.append((name, handler, arguments))
        if self._task is None:
            pending = self._next()
            if pending is not None:
                self._task = begin(self._run(pending))

    def _next(self) -> tuple[str, Awaitable[object]] | None:
        """Call what waits, up to the first that has to be awaited."""
        while self._waiting:
            name, handler, arguments = self._waiting.popleft()
            try:
                result = handler(*arguments)
            except Exception as error:
                note(name, error, self._limiter)
                continue
            if inspect.isawaitable(result):
                return name, result
        return None

    async def _run(self, pending: tuple[str, Awaitable[object]]) -> None:
        following: tuple[str, Awaitable[object]] | None = pending
        try:
            while following is not None:
                name, awaitable = following
                try:
                    await awaitable
                except Exception as error:
                    note(name, error, self._limiter)
                following = self._next()
        finally:
            self._task = None

    async def done(self) -> None:
        """Until all that was told has been heard."""
        task = self._task
        if task is not None and task is not asyncio.current_task():
            await asyncio.wait([task])


async def call(
    handler: Callable[..., T | Awaitable[T]], *arguments: object
) -> T:
    """Call a handler that may be plain or async."""
    result = handler(*arguments)
    if inspect.isawaitable(result):
        awaited: T = await result
        return awaited
    return result
