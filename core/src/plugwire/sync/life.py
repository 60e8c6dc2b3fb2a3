"""The threads of a blocking server, from a start to its stop."""

from __future__ import annotations

import asyncio
import atexit
import inspect
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from plugwire import forks
from plugwire.aio.server import Server
from plugwire.errors import ConnectionClosed
from plugwire.logs import log
from plugwire.loops import LoopFactory, loop_factory
from plugwire.registry import ClientInfo
from plugwire.sync.pool import Pool
from plugwire.sync.portal import Call, Portal, PortalEnded

ANSWER_GRACE = 1.0
"""Seconds that a handler has, once it called `stop()`, to return what its
client is answered, before the server stops behind it."""
PARTING = 1.0
"""Seconds that handlers' threads have at least to end at a stop."""
EXIT_PATIENCE = 2.0
"""Seconds to drain, and as many to cut, when the program ends without a
stop: one that takes longer to end looks as if it hung."""


class _Turn:
    """One call of a handler; why it asked for a stop, if it did."""

    reason: str | None = None


class Life:
    """A portal for `server`'s loop and a pool for its handlers. It ends when
    the server has stopped, whoever stopped it. `factory` makes the loop;
    `hosted`: the thread that makes the life lends itself to it."""

    def __init__(
        self, server: Server, factory: LoopFactory, *, hosted: bool
    ) -> None:
        name = f"plugwire-{server.event_name}"
        settings = server._settings
        self.portal = Portal(name, factory)
        if hosted:
            self.portal.prepare()
        self._pool = Pool(f"{name}-handler", settings.handler_threads)
        self._drain = settings.drain_timeout
        self._server = server
        self._here = threading.local()
        self._behind: asyncio.Task[None] | None = None
        _running.add(self)

    # ------------------------------------------------------- any thread

    def start(self) -> None:
        """Start the server, its loop in a thread."""
        self.portal.run(self._begin())
        if self._server._handlers.on_disconnect is not None:
            # At the program's end, where it is heard too, some
            # interpreters (3.12.1) make no thread any more.
            self._pool.prepare()

    def host(self) -> None:
        """Serve, the loop in this thread, until the server stops."""
        try:
            self.portal.host(self._serve())
        finally:
            self.abandon()

    def stop(self, reason: str) -> None:
        """Stop the server and see all threads to their end; in a handler,
        ask for it and return."""
        turn = getattr(self._here, "turn", None)
        if turn is not None:
            turn.reason = reason
            self.portal.soon(self._stop_late, reason)
        elif self.portal.is_here:
            self._stop_behind(reason)
        else:
            begun = time.monotonic()
            try:
                with suppress(PortalEnded):
                    self.portal.run(self._leave(reason))
            finally:
                if self.portal.ended:
                    self._see_out(begun)

    def abandon(self) -> None:
        """End the threads of a server that has not started, or is over."""
        begun = time.monotonic()
        self._end()
        self._see_out(begun)

    def _see_out(self, begun: float) -> None:
        """Wait for the loop's thread, and for handlers as long as a stop
        may take that began at `begun`."""
        self.portal.stop()
        left = max(PARTING, self._drain - (time.monotonic() - begun))
        running = self._pool.join(left)
        if running:
            log.error(
                "%s: %d handlers run on in their threads, though the server "
                "has stopped",
                self._server.event_name,
                running,
            )

    # ------------------------------------------------------- in the loop

    async def hand(
        self,
        handler: Callable[..., object],
        client: ClientInfo,
        *arguments: object,
    ) -> object:
        """Call a handler in the pool, one at a time for a client."""
        turn = _Turn()
        try:
            result = await self._pool.run(
                self._take, turn, handler, client, *arguments, key=client.id
            )
        finally:
            if turn.reason is not None:
                # Behind the answer, which is given in this very step.
                asyncio.get_running_loop().call_soon(
                    self._stop_behind, turn.reason
                )
        if inspect.iscoroutine(result):
            result.close()
            raise TypeError(
                "a handler of the blocking face returned a coroutine, which "
                "nobody runs here; return what it would"
            )
        return result

    def _take(
        self,
        turn: _Turn,
        handler: Callable[..., object],
        *arguments: object,
    ) -> object:
        self._here.turn = turn
        try:
            return handler(*arguments)
        finally:
            self._here.turn = None

    async def _serve(self) -> None:
        try:
            await self._server.serve_forever()
        finally:
            self._end()

    async def _begin(self) -> None:
        try:
            await self._server.start()
        except BaseException:
            self._end_if_idle()
            raise

    async def _leave(self, reason: str) -> None:
        try:
            await self._server.stop(reason)
        finally:
            self._end_if_idle()

    def _end_if_idle(self) -> None:
        """In one step with the end of a stop, or of a start that failed:
        whoever starts the server again finds this life over, or keeps it."""
        if self._server._host is None and not self._server._starting:
            self._end()

    def _end(self) -> None:
        _running.discard(self)
        self._pool.end()
        self.portal.end()

    def _stop_late(self, reason: str) -> None:
        asyncio.get_running_loop().call_later(
            ANSWER_GRACE, self._stop_behind, reason
        )

    def _stop_behind(self, reason: str) -> None:
        if self._behind is None:
            self._behind = asyncio.get_running_loop().create_task(
                self._leave(reason)
            )

    # ------------------------------------------------- the program's end

    def begin_exit(self) -> Call[None] | None:
        """Begin to stop, since the program ends; None: it is over."""
        try:
            return self.portal.begin(self._leave("the program ends"))
        except ConnectionClosed:  # or it is the parent's
            return None


class Lives:
    """A server's lives, one after the other. Raises `ConfigurationError`
    where the loop of the setting `event_loop` is not there."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._factory = loop_factory(server._settings)
        self._lock = threading.Lock()
        self.last: Life | None = None
        self.is_forked = False
        """Whether this is a forked child, and they are the parent's."""

    @property
    def now(self) -> Life | None:
        """The life that there is, whose loop may be asked."""
        life = self.last
        if life is None or life.portal.ended or self.is_forked:
            return None
        return life

    def enter(self, *, hosted: bool) -> tuple[Life, bool]:
        """The life that there is, or a new one; and whether it is new."""
        with self._lock:
            life = self.last
            if life is not None and not life.portal.ended:
                return life, False
            forks.watch(self)
            self.last = life = Life(self._server, self._factory, hosted=hosted)
            return life, True

    def after_fork(self) -> None:
        """In a forked child: the server is the parent's."""
        self.is_forked = self.last is not None
        self._lock = threading.Lock()


_running: set[Life] = set()
"""Those whose server runs: nothing else may hold it."""


def _stop_all() -> None:
    """Stop what still runs at the program's end, so that no socket is left
    and clients are told. What takes too long is left to the end of its
    daemon threads."""
    calls = [call for life in tuple(_running) if (call := life.begin_exit())]
    for give_up in (Call.cancel, None):
        deadline = time.monotonic() + EXIT_PATIENCE
        for call in calls:
            left = max(0.0, deadline - time.monotonic())
            if not call.wait(left) and give_up is not None:
                give_up(call)


atexit.register(_stop_all)
