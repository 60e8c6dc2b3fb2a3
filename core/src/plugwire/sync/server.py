"""The server of the blocking face."""

from __future__ import annotations

import signal
import threading
from collections.abc import (
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
)
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from plugwire.aio.server import Server as LoopServer
from plugwire.callbacks import demand_plain
from plugwire.errors import AlreadyRunning
from plugwire.message import Message, MessageType
from plugwire.registry import ClientInfo
from plugwire.settings import Settings
from plugwire.stats import Stats
from plugwire.sync.life import Lives
from plugwire.sync.pool import plainly
from plugwire.sync.portal import PortalEnded

T = TypeVar("T")
_Connect = TypeVar("_Connect", bound=Callable[[ClientInfo], object])
_Disconnect = TypeVar("_Disconnect", bound=Callable[[ClientInfo, str], object])
_Heard = TypeVar(
    "_Heard",
    bound=Callable[[ClientInfo, Message], Mapping[str, Any] | None],
)
_Snapshot = TypeVar(
    "_Snapshot", bound=Callable[[ClientInfo], Mapping[str, Any] | None]
)


class Server:
    """Serves one event to its clients::

        with Server("system_status") as server:
            server.broadcast({"load": 0.42})

    `settings` and `overrides` as for `plugwire.Server`.

    Its event loop runs in a thread of its own, and handlers in a pool of at
    most `handler_threads`. Any thread may call any method, handlers too. One
    that runs lives until it is stopped; at the program's end it is stopped
    as far as a few seconds allow. In a forked child it is dead. Raises
    `ConfigurationError`, `PluginError` and `ValidationFailed` at once for
    what is wrong.
    """

    def __init__(
        self,
        event_name: str,
        *,
        settings: str | Path | Mapping[str, Any] | Settings | None = None,
        **overrides: Any,
    ) -> None:
        self._server = LoopServer(event_name, settings=settings, **overrides)
        # Nobody can cancel a thread; so what a client said is all handled,
        # also when it said one thing and went.
        self._server._handlers.finish = True
        self._lives = Lives(self._server)

    # --------------------------------------------------------- life cycle

    def start(self) -> None:
        """Start; every door accepts when this returns. With the setting
        `blocking_mode` this is `serve_forever`.

        Raises `AlreadyRunning` where this event is served already (by this
        object, too), `ConnectionFailed` or `Denied` where a door cannot be
        opened; nothing is left open then, and no thread. A stopped server
        starts again.
        """
        if self._server._settings.blocking_mode:
            self.serve_forever()
            return
        while True:
            life, is_new = self._lives.enter(hosted=False)
            try:
                life.start()
            except PortalEnded:
                continue  # it was being stopped, and has stopped now
            except AlreadyRunning:
                # Here it may be another thread's, which was quicker.
                if life.portal.ended:
                    life.abandon()
                raise
            except BaseException:
                if is_new:
                    life.abandon()
                raise
            return

    def stop(self, reason: str = "the server stops") -> None:
        """Say goodbye, hand out what is owed for at most `drain_timeout`,
        then cut; nothing is left behind. Harmless when it is not running,
        and in a forked child, whose parent's server goes on.

        A handler that blocks on for longer than that keeps its thread, which
        is logged. In a handler this returns at once, and the server stops
        behind it: when it has returned, or a second later.
        `KeyboardInterrupt` cuts what is still being drained.
        """
        life = self._lives.last
        if life is not None and not self._lives.is_forked:
            life.stop(reason)

    def serve_forever(self) -> None:
        """Start where needed, and serve until `stop()`, SIGINT or SIGTERM.

        The loop runs in this thread, unless the server was started before.
        A signal stops the server cleanly; a second one cuts the draining
        short. Signals are heeded in the main thread only, and their former
        handlers are put back.
        """
        while True:
            life, is_new = self._lives.enter(hosted=True)
            if is_new:
                life.host()
                return
            try:
                following = life.portal.begin(self._server.serve_forever())
            except PortalEnded:
                continue
            try:
                with (
                    _heeding(following.cancel),
                    suppress(CancelledError, PortalEnded),
                ):
                    following.result()
            finally:
                self.stop()
            return

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    # ------------------------------------------------------------ looking

    @property
    def event_name(self) -> str:
        """The event that is served."""
        return self._server.event_name

    @property
    def running(self) -> bool:
        """Whether it is between `start` and `stop`, in this process."""
        return self._server.running

    @property
    def has_clients(self) -> bool:
        """Whether anybody has joined. Cheap."""
        return self._server.has_clients

    @property
    def kept(self) -> int:
        """Messages that the queue keeps."""
        return self._hop(lambda: self._server.kept)

    @property
    def stats(self) -> Stats:
        """The counters of this start, or of the last one; a copy."""
        return self._hop(lambda: self._server.stats)

    @property
    def addresses(self) -> Mapping[str, str]:
        """Door -> `transport:address`; empty while it does not run."""
        return self._server.addresses

    @property
    def clients(self) -> Mapping[int, ClientInfo]:
        """Who has joined, by client id, at this moment."""
        return self._hop(lambda: self._server.clients)

    def clients_in(self, session: str) -> tuple[int, ...]:
        """The ids of a session's clients; empty for an unknown session."""
        return self._hop(lambda: self._server.clients_in(session))

    # ------------------------------------------------------------- saying

    def broadcast(
        self,
        data: Mapping[str, Any],
        *,
        message_type: MessageType | str = MessageType.DATA,
        event_name: str | None = None,
        session: str | None = None,
        exclude: Iterable[int] = (),
    ) -> int:
        """Say `data` to all clients, or to those of `session`, but for the
        ids in `exclude`. Never waits; it is encoded in this thread.

        Returns how many joined clients were in the audience at that moment.
        Raises `MessageError` for what the first door's codec cannot carry,
        `ValidationFailed` for what is no mapping, and `ConnectionClosed`
        outside `start` ... `stop`.
        """
        return self._server.broadcast(
            data,
            message_type=message_type,
            event_name=event_name,
            session=session,
            exclude=exclude,
        )

    def send(
        self,
        client_id: int,
        data: Mapping[str, Any],
        *,
        message_type: MessageType | str = MessageType.DATA,
    ) -> None:
        """Say `data` to one client. Never waits.

        Raises `ClientGone` for an id that is not (or no more) connected,
        `Denied` where that client may not receive, and as `broadcast` does.
        """
        self._server.send(client_id, data, message_type=message_type)

    def flush(
        self, *, low: int | None = None, timeout: float | None = None
    ) -> None:
        """Send now, and return when every client has less than a quarter of
        its outbox queued (`low`: at most so many messages; 0: all is in the
        kernel), has left, or has stalled.

        A producer that must lose nothing calls this at least once in half an
        outbox of messages. Raises `TimedOut` after `timeout` seconds. A
        `snapshot` handler cannot wait, and must not call it.
        """
        self._server._running()
        assert self._lives.last is not None
        self._lives.last.portal.run(
            self._server.flush(low=low, timeout=timeout)
        )

    # ------------------------------------------------------------ clients

    def attach(self, client_id: int, session: str) -> None:
        """Put a client into `session`; from another one it moves. Raises
        `ClientGone` and `ValidationFailed`."""
        self._hop(lambda: self._server.attach(client_id, session))

    def detach(self, client_id: int) -> None:
        """Take a client out of its session. Raises `ClientGone`."""
        self._hop(lambda: self._server.detach(client_id))

    def disconnect(self, client_id: int, reason: str) -> None:
        """End a client's connection for good, telling it why; what it is
        owed goes out first. Raises `ClientGone`."""
        self._hop(lambda: self._server.disconnect(client_id, reason))

    def clear_kept(self) -> int:
        """Let go of all that the queue keeps; returns how many."""
        return self._hop(self._server.clear_kept)

    # ----------------------------------------------------------- handlers

    def on_connect(self, handler: _Connect) -> _Connect:
        """`f(client)`, in a handlers' thread, just before a client joins,
        within `handshake_timeout`. `attach` and `send` to it work and follow
        what is kept; raising refuses it.

        Raises `ValidationFailed` for a coroutine function, and for what
        cannot be called so, as do the others.
        """
        handed = self._handed("on_connect", handler, "client")
        self._server.on_connect(handed)
        return handler

    def on_disconnect(self, handler: _Disconnect) -> _Disconnect:
        """`f(client, reason)`, in a handlers' thread, once for each client
        that had joined, and last of all its handlers: one that blocks holds
        it up, and past the end of a stop it is not called."""
        handed = self._handed("on_disconnect", handler, "client", "reason")
        self._server.on_disconnect(handed)
        return handler

    def on_message(self, handler: _Heard) -> _Heard:
        """`f(client, message)`, in a handlers' thread, one at a time for a
        client.

        What it returns answers a request (None: `{}`); what it raises is
        `RequestFailed` there and an ERROR message for a plain send. It may
        block, which costs that client alone while fewer than
        `handler_threads` do. It is not interrupted when its client goes, and
        what that client said before is handled all the same, until the
        server stops.
        """
        handed = self._handed("on_message", handler, "client", "message")
        self._server.on_message(handed)
        return handler

    def snapshot(self, handler: _Snapshot) -> _Snapshot:
        """`f(client) -> data or None`: the first message that a newcomer
        gets, in place of what is kept.

        It is called in the loop's own thread and must not block: a lock that
        is held for moments is fine, input and output are not. A program that
        changes what this hands over, and broadcasts the change, under a lock
        that this takes too, has nothing missing and nothing twice: where
        something was said meanwhile, it is called again.
        """
        demand_plain("snapshot", handler, "client")
        self._server.snapshot(lambda client: plainly(handler, client))
        return handler

    def _handed(
        self, name: str, handler: Callable[..., object], *given: str
    ) -> Callable[..., Awaitable[Any]]:
        """The coroutine function that calls `handler` in the pool, with what
        is `given`."""
        demand_plain(name, handler, *given)

        def hand(client: ClientInfo, *arguments: object) -> Awaitable[Any]:
            assert self._lives.last is not None
            return self._lives.last.hand(handler, client, *arguments)

        return hand

    def _hop(self, function: Callable[[], T]) -> T:
        """Call `function` in the loop; here, where there is none."""
        life = self._lives.now
        if life is None:
            return function()
        try:
            return life.portal.call(function)
        except PortalEnded:
            return function()


@contextmanager
def _heeding(heed: Callable[[], None]) -> Iterator[None]:
    """Call `heed` at each SIGINT and SIGTERM, in the main thread."""
    former = []
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            former.append((number, signal.signal(number, lambda *_: heed())))
    try:
        yield
    finally:
        for number, handler in former:
            if handler is not None:
                signal.signal(number, handler)
