"""A joined client of a server: what it says, and how it is answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never, cast

from plugwire.aio.connection import ServerConnection
from plugwire.aio.handlers import Worker
from plugwire.aio.scratch import little_buffer
from plugwire.errors import (
    Denied,
    MessageError,
    PlugwireError,
    RequestFailed,
)
from plugwire.interfaces import Verb
from plugwire.logs import note
from plugwire.message import Message, MessageType
from plugwire.protocol import (
    CLIENTS,
    Attach,
    Left,
    Question,
    ServerProtocol,
    Unheard,
)
from plugwire.registry import Member


class Presence:
    """Sorts what the client says and sees that it gets its answers."""

    __slots__ = ("_connection", "_is_free", "_is_last", "_member",
                 "_protocol", "_worker", "is_reading")  # fmt: skip

    has_joined = True

    def __init__(self, connection: ServerConnection, member: Member) -> None:
        self._connection = connection
        self._member = member
        self._protocol = ServerProtocol(
            connection.door.pipeline.decoder(), connection.role
        )
        self._worker: Worker | None = None
        self._is_free = (
            connection.host.settings.allow_client_send
            and connection.rights.are_all
        )
        self._is_last = False
        self.is_reading = False

    @property
    def buffer(self) -> memoryview:
        """What is read into: little at once, where it may become much."""
        if self._protocol.unpacker is None:
            return self._connection.host.buffer
        return little_buffer()

    def begin(self) -> None:
        """It has begun with joined."""

    def read(self, data: bytes) -> None:
        """Handle what `data` completes; answers go out at its end."""
        try:
            events = self._protocol.feed(data)
        except Exception as error:
            self._wrong_bytes(error)
            return
        connection = self._connection
        self.is_reading = True
        left = len(events)
        for event in events:
            left -= 1
            if isinstance(event, Message):
                # Behind the last one's answer nothing follows.
                self._is_last = not left
                self._heard(event)
            else:
                self._handle(event)
            if connection.ended:
                break
        self.is_reading = self._is_last = False
        worker = self._worker
        if worker is not None and worker.task is not None:
            worker.weigh(self._protocol.weight(data))
        if not connection.ended:
            self._member.seat.flush()
            if connection.is_lagging:
                # What waits is weighed with all that others are owed.
                connection.host.voice.flush_soon()

    def read_much(self, view: memoryview) -> memoryview | None:
        """The same, without a copy where the decoder needs none."""
        roomy = self._protocol.roomy
        if roomy is None:
            self.read(bytes(view))
            return None
        self.read(cast("bytes", view))
        return roomy.room()

    def stop(self) -> None:
        """Nothing more is read."""

    async def stop_worker(self, *, finish: bool) -> None:
        """Wait until the client's handler has ended: with all that it was
        told (`finish`), or cancelled now."""
        if self._worker is not None:
            await self._worker.stop(finish=finish)

    @property
    def has_worker(self) -> bool:
        """Whether a handler may be under way."""
        return self._worker is not None

    @property
    def waiting_bytes(self) -> int:
        """Bytes of messages that wait for it."""
        return 0 if self._worker is None else self._worker.waiting_bytes

    def _wrong_bytes(self, error: Exception) -> None:
        """End the connection for what the decoder raised. A decoder that
        fails in its own way is treated like one that found no message."""
        if not isinstance(error, MessageError):
            note("the decoder", error, self._connection.host.limiter)
            error = MessageError(f"the decoder failed: {type(error).__name__}")
        connection = self._connection
        connection.host.wrong_bytes(connection.door, connection.peer, error)
        connection.tell_failure(error)
        connection.end(f"wrong bytes: {error}", final=True)

    def _handle(self, event: Attach | Question | Left | Unheard) -> None:
        if isinstance(event, Attach):
            self._attach(event)
        elif isinstance(event, Question):
            self._question(event)
        elif isinstance(event, Left):
            self._connection.close(event.reason or "the client said goodbye")
        elif isinstance(event, Unheard):
            self._fail(event.error, event.id)
        else:
            assert_never(event)

    # ------------------------------------------- the application's messages

    def _heard(self, message: Message) -> None:
        host = self._connection.host
        self._member.received += 1
        host.stats.received += 1
        if not self._is_free:
            try:
                self._demand(message)
            except Denied as error:
                self._fail(error, message.id)
                return
        if self._worker is None:
            handler = host.handlers.on_message
            if handler is None:
                if message.id is not None:
                    nobody = RequestFailed("nobody answers requests here")
                    self._fail(nobody, message.id)
                return
            member, on_message = self._member, handler
            self._worker = Worker(
                lambda heard: on_message(member.info(), heard),
                self._answer,
                spawn=host.spawn,
                limit=host.settings.handler_queue,
                max_bytes=host.settings.handler_bytes,
                full=self._connection.pause_reading,
                room=self._connection.resume_reading,
            )
        self._worker.handle(message)

    def _demand(self, message: Message) -> None:
        """Raise `Denied` unless this client may say `message`."""
        host = self._connection.host
        if not host.settings.allow_client_send:
            raise Denied(
                f"clients of {host.event!r} may not send",
                "the server has allow_client_send = false",
            )
        verb: Verb = "send" if message.id is None else "request"
        self._connection.rights.demand(verb, self._member.session)

    def _answer(
        self, message: Message, result: Any, error: Exception | None
    ) -> None:
        """What the handler of `message` came to."""
        if error is not None:
            if not isinstance(error, PlugwireError):
                note("on_message", error, self._connection.host.limiter)
            failure = RequestFailed(str(error) or type(error).__name__)
            self._fail(
                error if isinstance(error, Denied) else failure, message.id
            )
        elif message.id is not None:
            connection = self._connection
            try:
                body = connection.host.voice.answer(
                    connection.lane,
                    {} if result is None else result,
                    message.id,
                )
            except PlugwireError as wrong:
                self._fail(RequestFailed(f"the answer: {wrong}"), message.id)
                return
            connection.answer(body, at_once=self._is_last)

    def _fail(self, error: PlugwireError, reply_to: int | None) -> None:
        self._connection.tell_failure(error, reply_to)

    # ------------------------------------------- the library's operations

    def _attach(self, event: Attach) -> None:
        connection = self._connection
        try:
            if event.session is None:
                connection.detach()
            else:
                connection.rights.demand("attach", event.session)
                connection.attach(event.session)
        except Denied as error:
            self._fail(error, event.id)
            return
        self._reply({"session": event.session}, event.id)

    def _question(self, event: Question) -> None:
        host = self._connection.host
        self._connection.door.asked(self._connection)
        if event.op == CLIENTS:
            self._reply(host.describe_clients(), event.id)
        else:
            self._reply(host.describe(), event.id)

    def _reply(self, data: Mapping[str, Any], reply_to: int | None) -> None:
        connection = self._connection
        message = connection.host.voice.messages.make(
            data, MessageType.CONTROL, reply_to=reply_to
        )
        try:
            body = connection.encode(message)
        except MessageError as error:
            self._fail(error, reply_to)
            return
        connection.say(body)
