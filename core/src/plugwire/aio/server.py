"""The server of the asyncio face."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self, TypeVar

from msgspec.structs import replace

from plugwire.aio.handlers import Handlers
from plugwire.aio.incarnation import Incarnation
from plugwire.aio.tasks import begin
from plugwire.callbacks import demand
from plugwire.compose import compose_server
from plugwire.errors import AlreadyRunning, ConnectionClosed
from plugwire.loading import gather
from plugwire.message import DATA, Message, MessageType, check_event_name
from plugwire.protocol import check_type
from plugwire.registry import ClientInfo
from plugwire.settings import Settings
from plugwire.stats import Stats

_Connect = TypeVar(
    "_Connect", bound=Callable[[ClientInfo], object | Awaitable[object]]
)
_Disconnect = TypeVar(
    "_Disconnect",
    bound=Callable[[ClientInfo, str], object | Awaitable[object]],
)
_Heard = TypeVar(
    "_Heard",
    bound=Callable[
        [ClientInfo, Message],
        Mapping[str, Any] | Awaitable[Mapping[str, Any] | None] | None,
    ],
)
_Snapshot = TypeVar(
    "_Snapshot", bound=Callable[[ClientInfo], Mapping[str, Any] | None]
)


class Server:
    """Serves one event to its clients::

        async with Server("system_status") as server:
            server.broadcast({"load": 0.42})

    `settings` is a path to a TOML file (that file and the environment are
    read), a mapping or a `Settings` (nothing else is read), or None (the
    usual files and the environment). `overrides` are keys of `[plugwire]`,
    plugin sections as mappings, or plugins' own instances.

    Belongs to the event loop that `start` runs in; `broadcast` and `send`
    may be called from any thread. Raises `ConfigurationError`, `PluginError`
    and `ValidationFailed` at once for what is wrong.
    """

    def __init__(
        self,
        event_name: str,
        *,
        settings: str | Path | Mapping[str, Any] | Settings | None = None,
        **overrides: Any,
    ) -> None:
        self._event = check_event_name(event_name)
        self._settings, problems = gather(settings, overrides)
        self._pipeline = compose_server(self._event, self._settings, problems)
        self._handlers = Handlers()
        self._host: Incarnation | None = None
        self._starting = False
        self._stopping: asyncio.Task[None] | None = None
        self._stopped = asyncio.Event()
        self._last = Stats()

    # --------------------------------------------------------- life cycle

    async def start(self) -> None:
        """Start; every door accepts when this returns.

        Raises `AlreadyRunning` where this event is served already (by this
        object, too), `ConnectionFailed` or `Denied` where a door cannot be
        opened; nothing is left open then. A stopped server starts again.
        """
        if self._host is not None and self._host.is_forked:
            self._running()  # which says whose it is
        if self._host is not None or self._starting:
            raise AlreadyRunning(
                f"{self._event!r} is running already, in this very object",
                owner="this object",
            )
        self._starting = True
        try:
            host = Incarnation(
                self._event, self._settings, self._pipeline, self._handlers
            )
            self._stopped = asyncio.Event()
            await host.open()
            self._host = host
        finally:
            self._starting = False

    async def stop(self, reason: str = "the server stops") -> None:
        """Say goodbye, hand out what is owed for at most `drain_timeout`,
        then cut; nothing is left behind. Harmless when it is not running,
        and in a forked child, whose parent's server goes on.

        Cancelling it cuts at once what is still being drained. A handler
        that calls it ends with its client: there it returns at once, and
        the server stops behind it.
        """
        host = self._host
        if host is None or host.is_forked:
            return
        if self._stopping is None:
            self._stopping = begin(self._close(host, reason))
        if host.owns(asyncio.current_task()):
            return
        try:
            await asyncio.shield(self._stopping)
        except asyncio.CancelledError:
            host.cut()
            if self._stopping is not None:
                await asyncio.wait([self._stopping])
            raise

    async def _close(self, host: Incarnation, reason: str) -> None:
        try:
            await host.close(reason)
        finally:
            self._last = host.counted()
            self._host = None
            self._stopping = None
            self._stopped.set()

    async def serve_forever(self) -> None:
        """Start where needed, and serve until `stop()`, SIGINT or SIGTERM.

        A signal stops the server cleanly; a second one cuts the draining
        short. Signals are heeded in the main thread only, and their former
        handlers are put back.
        """
        if self._host is not None and self._host.is_forked:
            self._running()  # which says whose it is
        loop = asyncio.get_running_loop()
        signalled = asyncio.Event()

        def heed() -> None:
            if signalled.is_set() and self._host is not None:
                self._host.cut()
            signalled.set()

        heeded = []
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                former = signal.getsignal(number)
                loop.add_signal_handler(number, heed)
                heeded.append((number, former))
        waits = [begin(signalled.wait())]
        try:
            if self._host is None:
                await self.start()
            waits.append(begin(self._stopped.wait()))
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await self.stop()
            for number, former in heeded:
                loop.remove_signal_handler(number)
                if former is not None:
                    signal.signal(number, former)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    # ------------------------------------------------------------ looking

    @property
    def event_name(self) -> str:
        """The event that is served."""
        return self._event

    @property
    def running(self) -> bool:
        """Whether it is between `start` and `stop`, in this process."""
        host = self._host
        return host is not None and not host.stopping and not host.is_forked

    @property
    def has_clients(self) -> bool:
        """Whether anybody has joined. Cheap, from any thread."""
        host = self._host
        return host is not None and len(host.registry) > 0

    @property
    def kept(self) -> int:
        """Messages that the queue keeps."""
        return len(self._pipeline.queue)

    @property
    def stats(self) -> Stats:
        """The counters of this start, or of the last one; a copy."""
        host = self._host
        return replace(self._last) if host is None else host.counted()

    @property
    def addresses(self) -> Mapping[str, str]:
        """Door -> `transport:address`; empty while it does not run."""
        host = self._host
        if host is None:
            return MappingProxyType({})
        return MappingProxyType(
            {door.pipeline.door: door.address for door in host.doors}
        )

    @property
    def clients(self) -> Mapping[int, ClientInfo]:
        """Who has joined, by client id, at this moment."""
        if self._host is None:
            return MappingProxyType({})
        return MappingProxyType(self._host.registry.infos())

    def clients_in(self, session: str) -> tuple[int, ...]:
        """The ids of a session's clients; empty for an unknown session."""
        return self._running().registry.inside(session)

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
        ids in `exclude`. Never waits; from any thread.

        Returns how many joined clients were in the audience at that moment.
        Raises `MessageError` for what the first door's codec cannot carry,
        `ValidationFailed` for what is no mapping, and `ConnectionClosed`
        outside `start` ... `stop`.
        """
        host = self._host
        if host is None or host.is_forked:
            host = self._running()  # which says why it is not
        voice = host.voice
        if message_type is not DATA:
            message_type = check_type(message_type)
        if session is None and not exclude:
            return voice.broadcast(data, message_type, event_name)
        if session is not None:
            check_event_name(session)
        return voice.broadcast_to(
            data, message_type, event_name, session, exclude
        )

    def send(
        self,
        client_id: int,
        data: Mapping[str, Any],
        *,
        message_type: MessageType | str = MessageType.DATA,
    ) -> None:
        """Say `data` to one client. Never waits; from any thread.

        Raises `ClientGone` for an id that is not (or no more) connected,
        `Denied` where that client may not receive, and as `broadcast` does.
        """
        self._running().send(client_id, data, check_type(message_type))

    async def flush(
        self, *, low: int | None = None, timeout: float | None = None
    ) -> None:
        """Send now, and return when every client has less than a quarter of
        its outbox queued (`low`: at most so many messages; 0: all is in the
        kernel), has left, or has stalled.

        A producer that must lose nothing awaits this at least once in half
        an outbox of messages. Raises `TimedOut` after `timeout` seconds.
        Cancelling it harms nothing.
        """
        host = self._host
        if host is None or host.is_forked:
            host = self._running()  # which says why it is not
        waiting = host.flush(low, timeout)
        if waiting is not None:
            await waiting

    # ------------------------------------------------------------ clients

    def attach(self, client_id: int, session: str) -> None:
        """Put a client into `session`; from another one it moves. Raises
        `ClientGone` and `ValidationFailed`."""
        self._running().attach(client_id, check_event_name(session))

    def detach(self, client_id: int) -> None:
        """Take a client out of its session. Raises `ClientGone`."""
        self._running().detach(client_id)

    def disconnect(self, client_id: int, reason: str) -> None:
        """End a client's connection for good, telling it why; what it is
        owed goes out first. Raises `ClientGone`."""
        self._running().disconnect(client_id, reason)

    def clear_kept(self) -> int:
        """Let go of all that the queue keeps; returns how many."""
        return self._pipeline.queue.clear()

    # ----------------------------------------------------------- handlers

    def on_connect(self, handler: _Connect) -> _Connect:
        """`f(client)`, plain or async, just before a client joins, within
        `handshake_timeout`. `attach` and `send` to it work and follow what
        is kept; raising refuses it. Raises `ValidationFailed` for what
        cannot be called so, as do the others."""
        demand("on_connect", handler, "client")
        self._handlers.on_connect = handler
        return handler

    def on_disconnect(self, handler: _Disconnect) -> _Disconnect:
        """`f(client, reason)`, plain or async, once for each client that
        had joined, and last of all its handlers."""
        demand("on_disconnect", handler, "client", "reason")
        self._handlers.on_disconnect = handler
        return handler

    def on_message(self, handler: _Heard) -> _Heard:
        """`f(client, message)`, plain or async, one at a time for a client.

        What it returns answers a request (None: `{}`); what it raises is
        `RequestFailed` there and an ERROR message for a plain send. A plain
        function runs in the loop and must not block. A coroutine is
        cancelled when its client goes.
        """
        demand("on_message", handler, "client", "message")
        self._handlers.on_message = handler
        return handler

    def snapshot(self, handler: _Snapshot) -> _Snapshot:
        """`f(client) -> data or None`, plain: the first message that a
        newcomer gets, in place of what is kept."""
        demand("snapshot", handler, "client")
        self._handlers.snapshot = handler
        return handler

    def _running(self) -> Incarnation:
        # Read once: another thread may ask while the loop stops the server.
        host = self._host
        if host is None:
            raise ConnectionClosed(
                f"the server of {self._event!r} is not running: start() it"
            )
        if host.is_forked:
            raise ConnectionClosed(
                f"the server of {self._event!r} is the parent's: this is a "
                "forked child, make one of its own here"
            )
        return host
