"""The client of the asyncio face."""

from __future__ import annotations

import asyncio
from collections.abc import (
    AsyncIterator,
    Callable,
    Iterable,
    Mapping,
    Sequence,
)
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from plugwire import forks
from plugwire.aio.deadlines import Deadlines
from plugwire.aio.handlers import Teller
from plugwire.aio.handover import Handover
from plugwire.aio.link import Link
from plugwire.aio.mailbox import Mailbox
from plugwire.aio.reach import attempt
from plugwire.aio.tasks import begin
from plugwire.backoff import Backoff
from plugwire.callbacks import demand
from plugwire.comeback import Comeback, first_attempts
from plugwire.errors import (
    ConnectionClosed,
    ConnectionFailed,
    Denied,
    PlugwireError,
    TimedOut,
)
from plugwire.logs import log
from plugwire.message import Message, MessageType, check_event_name
from plugwire.protocol import (
    ATTACH,
    DETACH,
    Gap,
    Reply,
    ServerFacts,
    check_type,
)
from plugwire.settings import Settings
from plugwire.standing import Standing
from plugwire.way import USUAL, Way

_Reconnect = TypeVar("_Reconnect", bound=Callable[["Client"], object])
_Gap = TypeVar("_Gap", bound=Callable[["Client", int | None], object])
_Lost = TypeVar("_Lost", bound=Callable[["Client", str], object])


class Client:
    """Receives an event's messages, sends and asks::

        async with Client("system_status") as client:
            async for message in client:
                print(message.data["load"])

    `door` names the server's door; without it the first one in the doors
    file that fits. `receive=False` makes a sender, who gets answers only.
    `message_types` are handed on, others left out. `settings` and
    `overrides` as for `Server`.

    Belongs to the event loop that `connect` runs in. Several tasks may call
    its methods at once.
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
        self._event = self._way.event
        self._settings = self._way.settings
        self._mail = Mailbox(
            self._settings.buffer_size,
            self._settings.buffer_bytes,
            self._hold_reading,
            self._resume_reading,
        )
        self._link: Link | None = None
        self._standing = Standing(self._gap)
        self._comeback = Comeback(self._event, self._settings)
        self._requests: dict[int, Handover[Message]] = {}
        self._spare: Handover[Message] | None = None
        self._deadlines = Deadlines()
        self._last_id = 0
        self._returning: asyncio.Task[None] | None = None
        self._left = False
        self._on_reconnect: Callable[[Client], object] | None = None
        self._on_gap: Callable[[Client, int | None], object] | None = None
        self._on_disconnect: Callable[[Client, str], object] | None = None

    # Made for who needs them: most clients are told of nothing, and none is
    # away. A deque alone, which each of the two has, is over half a KiB.

    @cached_property
    def _teller(self) -> Teller:
        """Calls the handlers."""
        return Teller()

    @cached_property
    def _failed(self) -> asyncio.Event:
        """Set once the next attempt to come back has failed."""
        return asyncio.Event()

    # --------------------------------------------------------- life cycle

    async def connect(self) -> None:
        """Connect and join.

        Tries for `default_timeout`, then raises `ConnectionFailed` with the
        address and the mend; a `Refused` is raised at once. Connecting twice
        raises `ConnectionFailed`. Cancelling it leaves nothing open.
        """
        if self._mail.end is None:
            raise ConnectionFailed(
                f"this client of {self._event!r} is connected already"
            )
        forks.watch(self)
        former, self._mail.end = self._mail.end, None
        self._mail.moved()
        self._left = False
        try:
            await self._first_link()
        except BaseException:
            if self._mail.end is None:
                self._mail.end = former
            raise

    async def _first_link(self) -> None:
        seconds = self._settings.default_timeout
        pauses: Backoff | None = None
        cause: PlugwireError | None = None
        try:
            async with asyncio.timeout(seconds):
                while True:
                    try:
                        link = await attempt(self._way, self._standing, self)
                    except (ConnectionFailed, ConnectionClosed) as error:
                        cause = error
                    else:
                        if not self._left:
                            return
                        link.abort()
                        await link.closed
                    if self._left:
                        raise ConnectionClosed(
                            "disconnected while it was connecting"
                        )
                    pauses = pauses or first_attempts()
                    await asyncio.sleep(pauses.next() or 0.0)
        except TimeoutError:
            limit = self._settings.said("default_timeout")
            raise ConnectionFailed(
                f"no connection to {self._event!r} within {seconds:g} s "
                f"({limit}): {cause or 'no answer'}",
                address=getattr(cause, "address", "") or self._way.address,
            ) from cause

    def after_fork(self) -> None:
        """In a forked child: the connection is the parent's, and what came
        over it."""
        self._link = None
        self._mail.clear()
        self._mail.end = ConnectionClosed(
            "this is a forked child: make a client of its own here"
        )

    async def disconnect(self) -> None:
        """Flush, say goodbye, close. Harmless when it is not connected.

        Whoever waits in `receive` gets `ConnectionClosed`; iteration ends.
        """
        if self._mail.end is None:
            self._left = True
            self._mail.finish(ConnectionClosed("disconnected"))
        returning = self._returning
        if returning is not None and not returning.done():
            returning.cancel()
            await asyncio.wait([returning])
        link = self._link
        if link is not None and not link.is_over:
            try:
                async with asyncio.timeout(self._settings.drain_timeout):
                    await link.drain()
                    link.close()
                    await asyncio.shield(link.closed)
            except TimeoutError:
                log.info("%s: disconnected before all was sent", self._event)
            finally:
                link.abort()
        if link is not None:
            await asyncio.shield(link.closed)
        if "_teller" in vars(self):
            await self._teller.done()

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.disconnect()

    # ------------------------------------------------------------ looking

    @property
    def event_name(self) -> str:
        """The event."""
        return self._event

    @property
    def connected(self) -> bool:
        """Whether it is joined at this moment."""
        return self._link is not None and not self._link.is_over

    @property
    def client_id(self) -> int | None:
        """The id that the server gave; None for a sender, or while away."""
        shake = self._link.shake if self._link is not None else None
        if shake is None or shake.joined is None:
            return None
        return shake.joined.client_id

    @property
    def can_send(self) -> bool:
        """Whether the server lets this client send; asking is another
        right, which it looks at with each request."""
        shake = self._link.shake if self._link is not None else None
        return bool(shake and shake.joined and shake.joined.can_send)

    @property
    def server(self) -> ServerFacts | None:
        """What the server last said of itself; None before the first
        connection."""
        return self._standing.server

    @property
    def buffered(self) -> int:
        """Messages received and not yet consumed."""
        return len(self._mail)

    @property
    def missed(self) -> int | None:
        """Messages that the server said were lost for this client since its
        first connection; None once that is unknown."""
        return self._standing.missed

    # ---------------------------------------------------------- receiving

    async def receive(self, *, timeout: float | None = None) -> Message:
        """The next message; None waits for ever, through reconnects too.

        Raises `TimedOut` after `timeout` seconds, and once nothing more can
        come: `ConnectionClosed`, or the error that ended it. Cancelled or
        timed out, it loses no message.
        """
        message = self._mail.take()
        if message is not None:
            return message
        if timeout is None:
            return await self._mail.wait()
        try:
            async with asyncio.timeout(timeout):
                return await self._mail.wait()
        except TimeoutError:
            raise TimedOut(
                f"no message of {self._event!r} within {timeout:g} s",
                seconds=timeout,
            ) from None

    def __aiter__(self) -> AsyncIterator[Message]:
        return self._iterate()

    async def _iterate(self) -> AsyncIterator[Message]:
        mail = self._mail
        reads = mail.reads
        while True:
            if not reads:
                try:
                    message = await mail.wait()
                except ConnectionClosed:
                    if self._left:
                        return
                    raise
                yield message
                continue
            head = mail.head
            while len(head) > 1 and not mail.is_held:
                yield head.popleft()
            last = mail.take()
            if last is not None:
                yield last

    def _hold_reading(self) -> None:
        if self._link is not None:
            self._link.pause_reading()

    def _resume_reading(self) -> None:
        if self._link is not None:
            self._link.resume_reading()

    # ------------------------------------------------------------ sending

    async def send(
        self,
        data: Mapping[str, Any],
        *,
        message_type: MessageType | str = MessageType.DATA,
    ) -> None:
        """Send `data` to the server: queued whole when this returns, or,
        cancelled, not at all.

        Raises `ConnectionClosed` while away (nothing is kept), `Denied`
        where the server does not let this client send, `MessageError` for
        what the codec cannot carry.
        """
        link = self._connected()
        if not self.can_send:
            raise Denied(
                f"the server of {self._event!r} does not let this client send"
            )
        kind = check_type(message_type)
        await link.write(self._way.say(data, kind, self._limit))

    async def request(
        self, data: Mapping[str, Any], *, timeout: float | None = None
    ) -> Message:
        """Ask the server; the answer's message.

        Raises `TimedOut` after `timeout` seconds (None: `default_timeout`),
        `RequestFailed` with what the handler raised, `Denied` in the words
        of the server's permissions, and as `send` does;
        `ConnectionClosed` when the connection goes before the answer comes.
        """
        link = self._connected()
        self._last_id = number = self._last_id + 1
        frame = self._way.ask(data, number, self._limit)
        return await self._ask(number, frame, link, timeout)

    async def flush(self) -> None:
        """Return when all that was sent is in the kernel."""
        await self._connected().drain()

    async def attach(self, session: str) -> None:
        """Go into `session`, from another one it moves, and back into it
        after each reconnect. Raises `Denied`, `TimedOut`."""
        check_event_name(session)
        await self._operate(ATTACH, {"session": session})
        self._standing.session = session

    async def detach(self) -> None:
        """Leave the session."""
        await self._operate(DETACH, {})
        self._standing.session = None

    async def _operate(self, op: str, data: Mapping[str, Any]) -> None:
        link = self._connected()
        self._last_id = number = self._last_id + 1
        message = self._way.messages.make(
            data, MessageType.CONTROL, id=number, op=op
        )
        frame = self._way.frame(message, self._limit)
        await self._ask(number, frame, link, None)

    async def _ask(
        self,
        number: int,
        frame: bytes,
        link: Link,
        timeout: float | None,
    ) -> Message:
        seconds = (
            self._settings.default_timeout if timeout is None else timeout
        )
        answer = self._spare
        if answer is None:
            answer = Handover()
        self._spare = None
        self._requests[number] = answer
        deadlines = self._deadlines
        deadlines.add(answer, seconds)
        try:
            if link.is_free:
                link.write_now(frame)
            else:
                async with asyncio.timeout(seconds):
                    await link.write(frame)
            await answer
            self._spare = answer
            return answer.take()
        except TimeoutError:
            raise TimedOut(
                f"no answer from {self._event!r} within {seconds:g} s"
                + self._way.why_silent(len(self._mail), self._mail.is_held),
                seconds=seconds,
            ) from None
        finally:
            deadlines.drop(answer)
            del self._requests[number]

    def _connected(self) -> Link:
        link = self._link
        if link is None or link.is_over:
            if self._mail.end is not None:
                raise self._mail.end.with_traceback(None)
            raise ConnectionClosed(
                f"the connection to {self._event!r} is away; it is being "
                "made again, and nothing is kept meanwhile"
            )
        return link

    @property
    def _limit(self) -> int:
        """Bytes of a message that the server takes."""
        server = self._standing.server
        assert server is not None
        return server.max_message_bytes

    # ----------------------------------------------------------- handlers

    def on_reconnect(self, handler: _Reconnect) -> _Reconnect:
        """`f(client)`, plain or async, after each reconnect. Raises
        `ValidationFailed` for what cannot be called so, as do the others."""
        demand("on_reconnect", handler, "client")
        self._on_reconnect = handler
        return handler

    def on_gap(self, handler: _Gap) -> _Gap:
        """`f(client, missed)`, plain or async: so many messages were lost
        for this client; None when nobody can know how many. Losses in a row
        that have to wait for it are told as one."""
        demand("on_gap", handler, "client", "missed")
        self._on_gap = handler
        return handler

    def on_disconnect(self, handler: _Lost) -> _Lost:
        """`f(client, reason)`, plain or async, for each connection that
        ends."""
        demand("on_disconnect", handler, "client", "reason")
        self._on_disconnect = handler
        return handler

    # ---------------------------------------------------- the link's calls

    def joined(self, link: Link, server: ServerFacts) -> None:
        """`link` has joined: its first message may come at once."""
        joined = link.shake.joined
        assert joined is not None
        self._link = link
        self._deadlines = Deadlines()  # the loop may be another one
        self._spare = None
        if self._mail.is_held:
            link.pause_reading()
        if self._is_returning:
            log.info("%s: connected again", self._event)
            if self._on_reconnect is not None:
                self._teller.tell("on_reconnect", self._on_reconnect, self)
        self._standing.joined(server, joined, link.seq)

    def received(
        self,
        messages: list[Message],
        size: int,
        events: Sequence[Reply | Gap] = (),
    ) -> None:
        """All that one read of `size` bytes brought."""
        if not events:
            self._mail.deliver(messages, size)
            return
        self._mail.put(messages, size)
        for event in events:
            if isinstance(event, Gap):
                self._standing.gap(event.missed)
        for event in events:
            if isinstance(event, Reply):
                self._answered(event)
        if messages:
            self._mail.hand_over()

    def _answered(self, reply: Reply) -> None:
        waiting = self._requests.get(reply.id)
        if waiting is None or waiting.is_done:
            return
        if isinstance(reply.answer, Message):
            waiting.give(reply.answer)
        else:
            waiting.set_exception(reply.answer)

    def _gap(self, missed: int | None) -> None:
        if self._on_gap is not None:
            self._teller.tell_gap(self._on_gap, self, missed)

    def lost(self, link: Link, error: ConnectionClosed) -> None:
        self._standing.lost(link.seq)
        if self._link is link:
            self._link = None
        if self._left:
            error = ConnectionClosed("disconnected")
        for answer in self._requests.values():
            if not answer.is_done:
                answer.set_exception(error)
        if self._on_disconnect is not None:
            self._teller.tell(
                "on_disconnect", self._on_disconnect, self, error.reason
            )
        if self._mail.end is not None:
            return
        log.info("%s: connection lost (%s)", self._event, error.reason)
        if error.final or not self._settings.reconnect:
            self._mail.finish(error)
            return
        if self._is_returning or link.is_abandoned:
            return  # it was lost before its attempt was over
        self._returning = begin(self._come_back(link, error))

    @property
    def _is_returning(self) -> bool:
        return self._returning is not None and not self._returning.done()

    async def _come_back(self, link: Link, cause: PlugwireError) -> None:
        """Connect again, with back-off, until it works or never will."""
        comeback, seconds = self._comeback, self._settings.default_timeout
        now = asyncio.get_running_loop().time()
        comeback.lost(now - link.since, cause)
        while True:
            delay = comeback.delay()
            if delay is None:
                self._mail.finish(comeback.gave_up(self._way.address))
                return
            await asyncio.sleep(delay)
            error: PlugwireError
            try:
                async with asyncio.timeout(seconds):
                    link = await attempt(self._way, self._standing, self)
            except PlugwireError as failure:
                error = failure
            except TimeoutError:
                error = TimedOut(
                    f"no answer within {seconds:g} s", seconds=seconds
                )
            else:
                if self._mail.end is not None or not link.is_over:
                    return
                error = ConnectionClosed("it was lost again at once")
            end = comeback.failed(error)
            self._tell_failed()
            if end is not None:
                self._mail.finish(end)
                return

    def _tell_failed(self) -> None:
        """Wake whoever waits for the attempt that has failed; the next one
        is another's."""
        if "_failed" in vars(self):
            self._failed.set()
            del self._failed
