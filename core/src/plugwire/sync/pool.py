"""Threads that run what may block, for an event loop that must not."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import Any, TypeVar

from plugwire.errors import ConnectionClosed
from plugwire.logs import Limiter, note

T = TypeVar("T")


class Job:
    """A function to call, and what is to be done with what it came to."""

    __slots__ = ("_arguments", "_error", "_function", "_report",
                 "_result", "key")  # fmt: skip

    def __init__(
        self,
        function: Callable[..., object],
        arguments: tuple[Any, ...],
        report: Callable[[Any, Exception | None], None],
        key: Hashable | None,
    ) -> None:
        self._function = function
        self._arguments = arguments
        self._report = report
        self._result: object = None
        self._error: Exception | None = None
        self.key = key

    def do(self) -> None:
        """In a thread of the pool: call it, once, and keep what it came to
        alone: whoever hears of that may count on the rest being free."""
        function, arguments = self._function, self._arguments
        del self._function, self._arguments
        try:
            self._result = plainly(function, *arguments)
        except Exception as error:
            self._error = error

    def report(self) -> None:
        """Hand over what it came to."""
        self._report(self._result, self._error)


class Pool:
    """At most `limit` threads, each made when there is work that no idle one
    can take, and ended by `end`.

    They are daemons: one whose function blocks for ever delays neither a
    stop nor the end of the program. What waits is taken in order. Jobs that
    share a `key` (not None) are done one at a time, and a cancelled one that
    runs on in its thread holds up the next. Any thread may call the methods,
    `run` aside, which belongs to a loop. `name` is the threads'.
    """

    def __init__(self, name: str, limit: int) -> None:
        self._name = name
        self._limit = limit
        self._change = threading.Condition(threading.Lock())
        self._ready: OrderedDict[Job, None] = OrderedDict()
        self._behind: dict[Hashable, deque[Job]] = {}
        self._threads: set[threading.Thread] = set()
        self._idle = 0
        self._ended = False
        self._limiter = Limiter()

    async def run(
        self,
        function: Callable[..., T],
        *arguments: Any,
        key: Hashable | None = None,
    ) -> T:
        """Call `function` in a thread; its result, or what it raised.

        Cancelling this drops a job that still waits. One that runs cannot be
        stopped: its thread is taken until the function returns, and what it
        returns then is dropped. Raises `ConnectionClosed` after `end`.
        """
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[T] = loop.create_future()

        def settle(result: T, error: Exception | None) -> None:
            if outcome.done():
                return
            if error is None:
                outcome.set_result(result)
            else:
                outcome.set_exception(error)

        def report(result: T, error: Exception | None) -> None:
            # A loop that is closed has nobody who waits.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(settle, result, error)

        job = Job(function, arguments, report, key)
        self._submit(job)
        try:
            return await outcome
        except asyncio.CancelledError:
            self._drop(job)
            raise

    def post(
        self, name: str, function: Callable[..., object], *arguments: Any
    ) -> None:
        """Call `function` in a thread, and wait for nothing; what it raises
        is logged under `name`. Raises `ConnectionClosed` after `end`."""

        def report(_: object, error: Exception | None) -> None:
            if error is not None:
                note(name, error, self._limiter)

        self._submit(Job(function, arguments, report, None))

    def prepare(self) -> None:
        """Make the first thread now, before there is work."""
        with self._change:
            if not self._threads:
                self._make()

    def end(self) -> None:
        """Take nothing more, do what waits, and let the threads end. Does
        not wait."""
        with self._change:
            self._ended = True
            self._change.notify_all()

    def join(self, timeout: float) -> int:
        """After `end`: wait until the threads are over, this one aside, for
        at most `timeout` seconds; how many still run."""
        deadline = time.monotonic() + timeout
        with self._change:
            others = self._threads - {threading.current_thread()}
        for thread in others:
            thread.join(max(0.0, deadline - time.monotonic()))
        return sum(thread.is_alive() for thread in others)

    @property
    def is_here(self) -> bool:
        """Whether this thread is one of the pool's."""
        return threading.current_thread() in self._threads

    # ------------------------------------------------------------- inside

    def _submit(self, job: Job) -> None:
        with self._change:
            if self._ended:
                raise ConnectionClosed(
                    f"the threads of {self._name} have ended"
                )
            if job.key is not None:
                if job.key in self._behind:
                    self._behind[job.key].append(job)
                    return
                self._behind[job.key] = deque()
            self._ready[job] = None
            try:
                self._hire()
            except BaseException:
                self._done(job)
                raise

    def _hire(self) -> None:
        """See that somebody takes what is ready."""
        if self._idle >= len(self._ready):
            self._change.notify()
        elif len(self._threads) < self._limit:
            try:
                self._make()
            except RuntimeError:
                # The system, or an interpreter that ends, makes no more.
                if not self._threads:
                    raise

    def _make(self) -> None:
        thread = threading.Thread(
            target=self._work,
            name=f"{self._name}-{len(self._threads) + 1}",
            daemon=True,
        )
        thread.start()
        self._threads.add(thread)
        self._idle += 1

    def _work(self) -> None:
        while (job := self._take()) is not None:
            job.do()
            # Idle before anybody hears of it: whoever does and has more
            # work needs no further thread.
            with self._change:
                self._idle += 1
                self._done(job)
            job.report()
            del job  # what it holds is not for an idle thread to keep

    def _take(self) -> Job | None:
        """The next job; None: go home."""
        with self._change:
            while not self._ready:
                if self._ended:
                    return None
                self._change.wait()
            self._idle -= 1
            return self._ready.popitem(last=False)[0]

    def _done(self, job: Job) -> None:
        """`job` was done, or is not to be: the next of its key is ready."""
        self._ready.pop(job, None)
        if job.key is None:
            return
        behind = self._behind[job.key]
        if not behind:
            del self._behind[job.key]
            return
        self._ready[behind.popleft()] = None
        self._hire()

    def _drop(self, job: Job) -> None:
        """Forget `job` if it still waits."""
        with self._change:
            if job in self._ready:
                self._done(job)
            elif job.key is not None:
                with suppress(KeyError, ValueError):
                    self._behind[job.key].remove(job)


def plainly(function: Callable[..., T], *arguments: Any) -> T:
    """Call `function`; what it raises is an exception that a loop can carry.

    `SystemExit` would end the loop, and a future takes no `StopIteration`.
    """
    try:
        return function(*arguments)
    except StopIteration as error:
        raise RuntimeError(f"the function raised {error!r}") from error
    except Exception:
        raise
    except BaseException as error:
        raise RuntimeError(f"the function raised {error!r}") from error
