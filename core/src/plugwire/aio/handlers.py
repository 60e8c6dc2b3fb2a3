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

from plugwire.logs import log
from plugwire.message import Message
from plugwire.registry import ClientInfo

T = TypeVar("T")


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
    messages wait and when half of them are done: the connection stops and
    resumes reading.
    """

    __slots__ = ("_answer", "_full", "_handler", "_is_full", "_limit",
                 "_room", "_spawn", "_task", "_waiting")  # fmt: skip

    def __init__(
        self,
        handler: Callable[[Message], Any],
        answer: Callable[[Message, Any, Exception | None], None],
        *,
        spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
        limit: int,
        full: Callable[[], None],
        room: Callable[[], None],
    ) -> None:
        self._handler = handler
        self._answer = answer
        self._spawn = spawn
        self._limit = limit
        self._full = full
        self._room = room
        self._is_full = False
        self._waiting: deque[Message] = deque()
        self._task: asyncio.Task[None] | None = None

    def handle(self, message: Message) -> None:
        """Handle `message`, behind those that wait."""
        if self._task is None:
            pending = self._call(message)
            if pending is not None:
                self._task = self._spawn(self._run(message, pending))
            return
        self._waiting.append(message)
        if len(self._waiting) >= self._limit and not self._is_full:
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

    async def _run(self, message: Message, pending: Awaitable[Any]) -> None:
        first: Awaitable[Any] | None = pending
        while True:
            if first is not None:
                await self._finish(message, first)
            if self._is_full and len(self._waiting) <= self._limit // 2:
                self._is_full = False
                self._room()
            if not self._waiting:
                self._task = None
                return
            message = self._waiting.popleft()
            first = self._call(message)

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
        task = self._task
        if not finish:
            self._waiting.clear()
            if task is not None and task is not asyncio.current_task():
                task.cancel()
        if task is not None and task is not asyncio.current_task():
            await asyncio.wait([task])


class Teller:
    """Calls a client's callbacks, in order and one at a time.

    A plain function is called at once where no coroutine of another is
    under way; what a callback raises is logged.
    """

    __slots__ = ("_task", "_waiting")

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, Callable[..., object], Any]] = deque()
        self._task: asyncio.Task[None] | None = None

    def tell(
        self, name: str, handler: Callable[..., object], *arguments: object
    ) -> None:
        """Call `handler`, named `name` in the log, behind those before."""
        self._waiting.append((name, handler, arguments))
        if self._task is None:
            pending = self._next()
            if pending is not None:
                self._task = asyncio.get_running_loop().create_task(
                    self._run(pending)
                )

    def _next(self) -> tuple[str, Awaitable[object]] | None:
        """Call what waits, up to the first that has to be awaited."""
        while self._waiting:
            name, handler, arguments = self._waiting.popleft()
            try:
                result = handler(*arguments)
            except Exception as error:
                note(name, error)
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
                    note(name, error)
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


def note(handler: str, error: BaseException) -> None:
    """Log what a handler raised where nobody else hears of it."""
    log.error("the handler %s raised %r", handler, error, exc_info=error)
