"""An event loop for threads: coroutines go in, results come out."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import Any, Generic, TypeVar

from plugwire import forks
from plugwire.errors import ConnectionClosed, PlugwireError
from plugwire.loops import LoopFactory

T = TypeVar("T")


class PortalEnded(ConnectionClosed):
    """The portal has ended, and what was asked of it was not done."""


class Call(Generic[T]):
    """A coroutine that a portal runs, as other threads see it."""

    # A bare lock, and not an Event: a signal's handler may raise in the
    # midst of an Event's Python code and leave its lock held for ever.
    __slots__ = ("_error", "_gate", "_is_over", "_portal", "_result", "_task",
                 "_work")  # fmt: skip

    def __init__(self, portal: Portal, work: Coroutine[Any, Any, T]) -> None:
        self._portal = portal
        self._work = work
        self._task: asyncio.Task[T] | None = None
        self._result: list[T] = []
        self._error: BaseException | None = None
        self._is_over = False
        self._gate = threading.Lock()
        self._gate.acquire()

    def cancel(self) -> None:
        """Cancel the coroutine, soon. From any thread, and from a signal's
        handler; harmless once it is over."""
        self._portal.soon(self._cancel)

    def wait(self, timeout: float | None = None) -> bool:
        """Whether the coroutine is over, at most `timeout` seconds from
        now. Raises `PlugwireError` in the loop's own thread."""
        self._portal.demand_elsewhere()
        over = self._gate.acquire(timeout=-1 if timeout is None else timeout)
        if over:
            self._gate.release()
        return over

    def result(self) -> T:
        """Wait, and give back what the coroutine did, or raise what it
        raised: `CancelledError` (of `concurrent.futures`) where it was
        cancelled, `PortalEnded` where the portal ended under it.

        What interrupts the waiting, `KeyboardInterrupt` say, cancels the
        coroutine, and is raised once that is over.
        """
        try:
            self.wait()
        except BaseException:
            self.withdraw()
            raise
        error, self._error = self._error, None
        try:
            if error is not None:
                raise error
        finally:
            del error  # it holds this frame, which holds it
        return self._result[0]

    def withdraw(self) -> None:
        """Cancel the coroutine, and return once it is over."""
        if self._portal.knows(self):
            self.cancel()
            self.wait()
        elif not self._is_over:
            self._work.close()

    # -------------------------------------------------------- in the loop

    def begin(self) -> None:
        if self._is_over:
            return  # it was withdrawn before it was begun
        self._task = asyncio.get_running_loop().create_task(self._work)
        self._task.add_done_callback(self._over)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
        elif not self._is_over:
            self.finish(CancelledError())

    def _over(self, task: asyncio.Task[T]) -> None:
        error: BaseException | None
        if task.cancelled():
            error = self._portal.gone() or CancelledError()
        else:
            error = task.exception()
        if error is None:
            self._result.append(task.result())
        self.finish(error)

    def finish(self, error: BaseException | None) -> None:
        """It is over; `error` is what there is to raise."""
        self._portal.forget(self)
        self._is_over = True
        self._error = error
        if self._task is None:
            self._work.close()
        self._gate.release()


class Portal:
    """An event loop in a thread of its own, which the first call starts, or
    in a thread that lends itself to it (`prepare`, `host`).

    Any thread may call its methods. It lives once: from the first call to
    `stop`, after which every call raises `PortalEnded`. In a forked child it
    is dead. `name` is the thread's, and `factory` makes the loop.
    """

    def __init__(
        self, name: str, factory: LoopFactory = asyncio.new_event_loop
    ) -> None:
        self._name = name
        self._factory = factory
        self._lock = threading.Lock()
        self._calls: set[Call[Any]] = set()
        self._runner: asyncio.Runner | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._ident: int | None = None
        self._last_word = asyncio.Event()
        self._is_forked = False
        self._closed = threading.Lock()
        self.ended = False
        """Whether it takes no more calls."""

    # --------------------------------------------------------- life cycle

    def prepare(self) -> None:
        """Make the loop for `host`, which this thread calls next: other
        threads' calls wait for it. Raises `PlugwireError` in a thread that
        runs a loop already."""
        if runs_loop():
            raise PlugwireError(
                "this thread runs an event loop already, which would stand "
                "still meanwhile; use the asyncio face there"
            )
        with self._lock:
            self._demand_alive()
            self._runner = self._open()

    def host(self, work: Coroutine[Any, Any, T]) -> T:
        """Run the loop in this thread until `work` is done; its result. The
        portal has ended then."""
        assert self._runner is not None
        return self._live(self._runner, self._hosted(work))

    def end(self) -> None:
        """Take no more calls, and end soon: what runs is cancelled. From any
        thread, the loop's own too."""
        with self._lock:
            if self.ended:
                return
            self.ended = True
        self.soon(self._last_word.set)

    def stop(self) -> None:
        """End, and return when the loop is closed and its thread over; in
        the loop's own thread, and in a forked child, at once."""
        if self._is_forked:
            return
        self.end()
        if self._loop is None or self.is_here:
            return
        with self._closed:
            pass
        if self._thread is not None:
            self._thread.join()

    def after_fork(self) -> None:
        """In a forked child: the thread is the parent's. The loop stays as
        it is, since closing it would take descriptors out of the parent's
        selector."""
        self._is_forked = True
        self._lock = threading.Lock()

    # -------------------------------------------------------------- calls

    @property
    def is_here(self) -> bool:
        """Whether this is the loop's own thread."""
        return self._ident == threading.get_ident()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` in the loop; its result, as `Call.result` has it."""
        call = Call(self, work)
        try:
            self.demand_elsewhere()
            self._submit(call)
            return call.result()
        except BaseException:
            call.withdraw()  # where it was interrupted on its way there
            raise

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call a plain function in the loop; its result."""
        if self.is_here:
            return function(*arguments)
        return self.run(_step(function, arguments))

    def begin(self, work: Coroutine[Any, Any, T]) -> Call[T]:
        """Run `work` in the loop, and do not wait for it."""
        call = Call(self, work)
        try:
            self._submit(call)
        except BaseException:
            call.withdraw()
            raise
        return call

    def soon(self, function: Callable[..., object], *arguments: Any) -> None:
        """Call a plain function in the loop, soon, and do not wait for it;
        not at all where the loop is closed, or was never started."""
        if self._loop is not None and not self._is_forked:
            try:
                self._loop.call_soon_threadsafe(function, *arguments)
            except RuntimeError:
                if not self._loop.is_closed():
                    raise

    def demand_elsewhere(self) -> None:
        """Raise `PlugwireError` in the loop's own thread."""
        if self.is_here:
            raise PlugwireError(
                "this waits for the loop and was called in the loop's own "
                f"thread ({self._name}), which would wait for itself for "
                "ever; call it in another thread"
            )

    def gone(self) -> PortalEnded | None:
        """What calls raise once it has ended, or None."""
        if not self.ended:
            return None
        return PortalEnded(f"the loop's thread ({self._name}) has ended")

    def knows(self, call: Call[Any]) -> bool:
        """Whether `call` was taken and is not over."""
        return call in self._calls

    def forget(self, call: Call[Any]) -> None:
        """`call` is over."""
        self._calls.discard(call)

    # ------------------------------------------------------------- inside

    def _submit(self, call: Call[Any]) -> None:
        with self._lock:
            self._demand_alive()
            if self._loop is None:
                self._start(self._open())
            assert self._loop is not None
            self._calls.add(call)
            self._loop.call_soon_threadsafe(call.begin)

    def _demand_alive(self) -> None:
        if self._is_forked:
            raise ConnectionClosed(
                f"the loop's thread ({self._name}) is the parent's: this is "
                "a forked child, make servers and clients of its own here"
            )
        gone = self.gone()
        if gone is not None:
            raise gone

    def _open(self) -> asyncio.Runner:
        # With a factory the runner leaves this thread's own loop alone.
        runner = asyncio.Runner(loop_factory=self._factory)
        self._loop = runner.get_loop()
        self._closed.acquire()
        forks.watch(self)
        return runner

    def _start(self, runner: asyncio.Runner) -> None:
        thread = threading.Thread(
            target=self._live_alone,
            args=(runner,),
            name=self._name,
            daemon=True,
        )
        try:
            thread.start()
        except BaseException:
            self.ended = True
            runner.close()
            self._closed.release()
            raise
        self._thread = thread

    def _live_alone(self, runner: asyncio.Runner) -> None:
        # A coroutine that exits ends the loop, and its caller hears of it.
        with suppress(SystemExit):
            self._live(runner, self._hosted(self._last_word.wait()))

    def _live(self, runner: asyncio.Runner, main: Coroutine[Any, Any, T]) -> T:
        self._ident = threading.get_ident()
        try:
            with runner:
                return runner.run(main)
        finally:
            with self._lock:
                self.ended = True
            for call in tuple(self._calls):
                call.finish(self.gone())
            self._ident = None
            self._closed.release()

    async def _hosted(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            return await work
        finally:
            # What was begun before this has its task when the loop stops,
            # and the runner cancels it; nothing is begun behind it.
            with self._lock:
                self.ended = True


def runs_loop() -> bool:
    """Whether an event loop runs in this thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


async def _step(function: Callable[..., T], arguments: tuple[Any, ...]) -> T:
    return function(*arguments)
