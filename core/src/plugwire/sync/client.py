"""The client of the face for threads."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from plugwire.callbacks import demand_plain
from plugwire.errors import ConnectionFailed
from plugwire.message import Message, MessageType
from plugwire.protocol import ServerFacts, check_type
from plugwire.settings import Settings
from plugwire.sync.backend import Backend, Callbacks
from plugwire.sync.conversation import Conversation
from plugwire.way import USUAL, Way

_Reconnect = TypeVar("_Reconnect", bound=Callable[["Client"], object])
_Gap = TypeVar("_Gap", bound=Callable[["Client", int | None], object])
_Lost = TypeVar("_Lost", bound=Callable[["Client", str], object])


class Client:
    """Receives an event's messages, sends and asks::

        with Client("system_status") as client:
            for message in client:
                print(message.data["load"])

    Arguments as for `plugwire.Client`. Any thread may call any method at any
    time: `receive` and `request` in several and `send` in others at once.
    The socket is read and written in these calls, and in no thread of its
    own: between calls nothing is read, and when the connection is lost, the
    next call makes it again (`receive` tries for as long as it may wait,
    `send` and `request` once). Callbacks are called in these calls too.

    A signal's handler should raise (`KeyboardInterrupt` does) and not call
    methods of the client, which it may have interrupted. The client works on
    afterwards. What the call was about to return is lost; in the middle of
    writing, or of decoding what has come, the connection is lost too, and
    the latter is told as a gap of an unknown number. In a forked child every
    call raises `ConnectionClosed`.
    """

    def __init__(
        self,
        event_name: str,
        *,
        door: str | None = None,
        receive: bool = True,
        message_types: Iterable[MessageType | str] = USUAL,
        settings: str | Path | Mapping[str, Any] | Settings | None = None,
        **overrides: Any,
    ) -> None:
        self._way = Way.called(
            event_name,
            door=door,
            receive=receive,
            message_types=message_types,
            settings=settings,
            overrides=overrides,
        )
        self._callbacks = Callbacks()
        self._backend: Backend = Conversation(self._way, self._callbacks)
        self._chosen: dict[str, Backend] = {}

    # --------------------------------------------------------- life cycle

    def connect(self) -> None:
        """Connect and join.

        Tries for `default_timeout`, then raises `ConnectionFailed` with the
        address and the mend; a `Refused` is raised at once. Connecting twice
        raises `ConnectionFailed`.
        """
        if not self._chosen:
            # Two threads may be here at once; one backend is for both.
            with contextlib.suppress(ConnectionFailed):
                # Else the backend tries again, and says what is wrong.
                found = self._choose()
                self._backend = self._chosen.setdefault("one", found)
        self._backend.connect()

    def _choose(self) -> Backend:
        """What fits the transport: sockets need no loop, all else does."""
        pipeline, _ = self._way.find()
        if hasattr(pipeline.connector, "targets"):
            return self._backend
        from plugwire.aio.client import Client as AioClient
        from plugwire.sync.portal_backend import PortalBackend

        way = self._way
        inner = AioClient(
            way.event,
            door=way.door,
            receive=way.role == "member",
            message_types=way.types,
            settings=way.settings,
        )
        return PortalBackend(inner, self._callbacks)

    def disconnect(self) -> None:
        """Close, once what other threads are sending is out. Harmless when
        it is not connected.

        Whoever waits in `receive` gets `ConnectionClosed`; iteration ends.
        Returns when no call is under way any more, or after `drain_timeout`.
        """
        self._backend.disconnect()

    def __enter__(self) -> Self:
        self.connect()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.disconnect()

    # ------------------------------------------------------------ looking

    @property
    def event_name(self) -> str:
        """The event."""
        return self._way.event

    @property
    def connected(self) -> bool:
        """Whether it is joined at this moment. Looks, without waiting, for
        what has come meanwhile; callbacks may be called."""
        return self._backend.connected

    @property
    def client_id(self) -> int | None:
        """The id that the server gave; None for a sender, or while away."""
        return self._backend.client_id

    @property
    def can_send(self) -> bool:
        """Whether the server lets this client send; asking is another
        right, which it looks at with each request."""
        return self._backend.can_send

    @property
    def server(self) -> ServerFacts | None:
        """What the server last said of itself; None before the first
        connection."""
        return self._backend.server

    @property
    def buffered(self) -> int:
        """Messages received and not yet consumed."""
        return self._backend.buffered

    @property
    def missed(self) -> int | None:
        """Messages that the server said were lost for this client since its
        first connection; None once that is unknown."""
        return self._backend.missed

    # ---------------------------------------------------------- receiving

    def receive(self, *, timeout: float | None = None) -> Message:
        """The next message; None waits for ever, through reconnects too.

        Raises `TimedOut` after `timeout` seconds, and once nothing more can
        come: `ConnectionClosed`, or the error that ended it. Timed out, it
        loses no message.
        """
        return self._backend.receive(timeout=timeout)

    def __iter__(self) -> Iterator[Message]:
        # Asked for with the first message: `connect` chooses the backend.
        yield from self._backend.iterate()

    # ------------------------------------------------------------ sending

    def send(
        self,
        data: Mapping[str, Any],
        *,
        message_type: MessageType | str = MessageType.DATA,
    ) -> None:
        """Send `data` to the server: all of it is in the kernel when this
        returns.

        While away one attempt to connect is made first. Raises
        `ConnectionClosed` where it fails (nothing is kept), `Denied` where
        the server does not let this client send, `MessageError` for what the
        codec cannot carry.
        """
        self._backend.send(data, check_type(message_type))

    def request(
        self, data: Mapping[str, Any], *, timeout: float | None = None
    ) -> Message:
        """Ask the server; the answer's message.

        Raises `TimedOut` after `timeout` seconds (None: `default_timeout`),
        `RequestFailed` with what the handler raised, `Denied` in the words
        of the server's permissions, and as `send` does;
        `ConnectionClosed` when the connection goes before the answer comes.
        A time-out in the middle of the writing ends the connection.
        """
        return self._backend.request(data, timeout=timeout)

    def flush(self) -> None:
        """Return when all that was sent is in the kernel."""
        self._backend.flush()

    def attach(self, session: str) -> None:
        """Go into `session`, from another one it moves, and back into it
        after each reconnect. Raises `Denied`, `TimedOut`."""
        self._backend.attach(session)

    def detach(self) -> None:
        """Leave the session."""
        self._backend.detach()

    # ----------------------------------------------------------- handlers

    def on_reconnect(self, handler: _Reconnect) -> _Reconnect:
        """`f(client)` after each reconnect; called in the thread that made
        it. One callback at a time, in order; what they raise is logged.
        Raises `ValidationFailed` for a coroutine function, and for what
        cannot be called so, as do the others."""
        demand_plain("on_reconnect", handler, "client")
        self._callbacks.on_reconnect = lambda: handler(self)
        return handler

    def on_gap(self, handler: _Gap) -> _Gap:
        """`f(client, missed)`: so many messages were lost for this client;
        None when nobody can know how many. Losses in a row that have to wait
        for it are told as one."""
        demand_plain("on_gap", handler, "client", "missed")
        self._callbacks.on_gap = lambda missed: handler(self, missed)
        return handler

    def on_disconnect(self, handler: _Lost) -> _Lost:
        """`f(client, reason)` for each connection that ends."""
        demand_plain("on_disconnect", handler, "client", "reason")
        self._callbacks.on_disconnect = lambda reason: handler(self, reason)
        return handler
