"""The blocking face, for scenarios that are written with `await`.

A scenario runs in an event loop of its own, in the main thread. What it
awaits of a server or client here is the blocking method of that name, in a
thread of its own; what it calls without `await` is called right there. So a
scenario sees what a program with several threads sees, and no more.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import threading
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self, TypeVar

import plugwire
from plugwire import Message, sync
from plugwire.sync.portal_backend import PortalBackend

T = TypeVar("T")

_running: set[threading.Thread] = set()
_END = object()


async def in_thread(
    call: Callable[..., T], *arguments: Any, **named: Any
) -> T:
    """What `call` returns, in a thread that is gone when this returns.

    Cancelled, it leaves the thread to end with its call, since a thread
    cannot be cancelled; `all_ended` waits for it. In the thread of a handler
    it simply calls: there a blocking program blocks.
    """
    if threading.current_thread() is not threading.main_thread():
        return call(*arguments, **named)
    outcome: Future[T] = Future()
    outcome.set_running_or_notify_cancel()

    def run() -> None:
        try:
            result = call(*arguments, **named)
        except BaseException as error:
            outcome.set_exception(error)
        else:
            outcome.set_result(result)

    thread = threading.Thread(target=run, name="scenario", daemon=True)
    _running.add(thread)
    thread.start()
    try:
        return await asyncio.wrap_future(outcome)
    finally:
        if outcome.done():
            thread.join()
            _running.discard(thread)


def all_ended(seconds: float) -> None:
    """Wait for the threads of calls that nobody awaits any more; fails when
    one of them is blocked for ever."""
    deadline = time.monotonic() + seconds
    while _running:
        thread = _running.pop()
        thread.join(max(0.0, deadline - time.monotonic()))
        assert not thread.is_alive(), "a blocking call never returned"


def plain(handler: Callable[..., object]) -> Callable[..., object]:
    """`handler` as the plain function that a blocking face calls, in a
    thread where it may block: a coroutine runs to its end there."""

    @functools.wraps(handler)
    def call(*arguments: object) -> object:
        result = handler(*arguments)
        return asyncio.run(result) if inspect.iscoroutine(result) else result

    return call


class Awaited:
    """A blocking object, of which is awaited what is awaited of `twin`."""

    def __init__(self, blocking: Any, twin: type) -> None:
        self.blocking = blocking
        self._twin = twin

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.blocking, name)
        if inspect.iscoroutinefunction(getattr(self._twin, name, None)):
            return functools.partial(in_thread, found)
        if name.startswith("on_") or name == "snapshot":
            return lambda handler: found(plain(handler))
        return found

    async def __aenter__(self) -> Self:
        await in_thread(self.blocking.__enter__)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await in_thread(self.blocking.__exit__, kind, error, trace)


class Server(Awaited):
    """`plugwire.sync.Server`."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(sync.Server(*arguments, **named), plugwire.Server)


class Client(Awaited):
    """`plugwire.sync.Client`."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(sync.Client(*arguments, **named), plugwire.Client)

    async def __aiter__(self) -> AsyncIterator[Message]:
        messages = iter(self.blocking)
        while True:
            message = await in_thread(next, messages, _END)
            if message is _END:
                return
            yield message

    def crash(self) -> None:
        """See `World.crash`: what is no socket has a loop, and lives
        there."""
        backend = self.blocking._backend
        if isinstance(backend, PortalBackend):
            backend._look(backend._client._link.abort)
        else:
            backend._member.link.channel.shut()

    async def take(self, count: int, timeout: float) -> list[Message]:
        """The next `count` messages, in one thread: a thread for each of a
        hundred thousand would cost minutes."""
        return await in_thread(
            lambda: [
                self.blocking.receive(timeout=timeout) for _ in range(count)
            ]
        )

    async def drain(self, into: list[Message]) -> None:
        """Add to `into` what it receives, in one thread."""

        def run() -> None:
            for message in self.blocking:
                into.append(message)

        await in_thread(run)


class Event(Awaited):
    """`threading.Event`, for handlers that run in other threads."""

    def __init__(self) -> None:
        super().__init__(threading.Event(), asyncio.Event)
