"""One joined connection as a machine with no I/O: bytes in, events out.

`ServerProtocol` and `ClientProtocol` stand behind the handshake. They know
the library's own operations (`op` on CONTROL and ERROR messages) and sort
them from the application's messages. `Messages` makes what is sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Mapping, Sequence
from datetime import tzinfo
from typing import Any, TypeAlias, cast

import msgspec
from msgspec import Struct

from plugwire.errors import (
    Denied,
    MessageError,
    PlugwireError,
    RequestFailed,
    ValidationFailed,
)
from plugwire.handshake import Joined, Role, Welcome
from plugwire.interfaces import Decoder, RoomyDecoder, Unpacker
from plugwire.logs import clean
from plugwire.message import (
    DATA,
    Calendar,
    Message,
    MessageType,
    Stamp,
    check_event_name,
)

ATTACH = "attach"
DETACH = "detach"
GAP = "gap"
GOODBYE = "goodbye"
DENIED = "denied"
FAILED = "failed"
CLIENTS = "clients"
STATS = "stats"
QUESTIONS = frozenset({CLIENTS, STATS})
"""What a connection in the role `control` may ask."""


_NEVER = -(1 << 63)
"""A millisecond of no message."""


def to_dict(data: Mapping[str, Any]) -> dict[str, Any]:
    """`data` itself where it is a dict, else a copy. Raises
    `ValidationFailed` for what is no mapping."""
    if type(data) is dict:
        return data
    if not isinstance(data, Mapping):
        raise ValidationFailed(
            f"data is {type(data).__name__}, not a mapping; wrap it, "
            'for example as {"value": ...}'
        )
    return dict(data)


class Messages:
    """Makes the messages of one side, stamped in its zone; `now` counts
    nanoseconds since 1970. From any thread."""

    __slots__ = ("_calendar", "_event", "_last", "_now")

    def __init__(
        self,
        event: str,
        zone: tzinfo,
        now: Callable[[], int] = time.time_ns,
    ) -> None:
        self._event = event
        self._calendar = Calendar(zone)
        self._now = now
        self._last = Stamp(event, _NEVER, "", DATA)

    def stamp(
        self,
        message_type: MessageType = DATA,
        event_name: str | None = None,
    ) -> Stamp:
        """That of a message of this moment: the very same one as the last,
        for all of an event and a type within a millisecond. Raises
        `ValidationFailed` for a name that is no event name."""
        ms = self._now() // 1_000_000
        last = self._last
        if (
            event_name is None
            and ms == last.timestamp_ms
            and message_type is last.message_type
        ):
            return last
        iso = self._calendar.iso(ms)
        if event_name is not None:
            name = check_event_name(event_name)
            return Stamp(name, ms, iso, message_type)
        self._last = last = Stamp(self._event, ms, iso, message_type)
        return last

    def make(
        self,
        data: Mapping[str, Any],
        message_type: MessageType = DATA,
        event_name: str | None = None,
        seq: int | None = None,
        *,
        id: int | None = None,
        reply_to: int | None = None,
        op: str | None = None,
    ) -> Message:
        """A message of this moment. Raises `ValidationFailed` for data that
        is no mapping and for a name that is no event name."""
        stamp = self.stamp(message_type, event_name)
        return Message(
            event_name=stamp.event_name,
            timestamp_ms=stamp.timestamp_ms,
            timestamp_iso=stamp.timestamp_iso,
            message_type=stamp.message_type,
            data=to_dict(data),
            seq=seq,
            id=id,
            reply_to=reply_to,
            op=op,
        )

    def failure(self, error: BaseException, reply_to: int | None) -> Message:
        """The ERROR message that tells a peer of `error`."""
        denied = isinstance(error, Denied)
        reason = getattr(error, "reason", None) or str(error)
        reason = reason or type(error).__name__
        return self.make(
            {"error": type(error).__name__, "reason": clean(reason)},
            MessageType.ERROR,
            reply_to=reply_to,
            op=DENIED if denied else FAILED,
        )

    def gap(self, missed: int, seq: int | None = None) -> Message:
        """Tells a client that it lost `missed` messages at this place;
        `seq` is the last number among them."""
        return self.make(
            {"missed": missed}, MessageType.CONTROL, seq=seq, op=GAP
        )

    def goodbye(self, reason: str, *, final: bool) -> Message:
        """Tells a peer that the connection ends, and whether for good."""
        return self.make(
            {"reason": reason, "final": final}, MessageType.CONTROL, op=GOODBYE
        )


def check_type(message_type: MessageType | str) -> MessageType:
    """A message type from what a caller passed; else `ValidationFailed`."""
    try:
        return MessageType(message_type)
    except ValueError:
        raise ValidationFailed(
            f"{message_type!r} is no message type: data, error or control"
        ) from None


def _roomy(decoder: Decoder) -> RoomyDecoder | None:
    """`decoder`, where it takes views and has room for what comes."""
    return cast("RoomyDecoder", decoder) if hasattr(decoder, "room") else None


def _unpacker(decoder: Decoder) -> Unpacker | None:
    """`decoder`, where it makes more bytes of what came."""
    return cast("Unpacker", decoder) if hasattr(decoder, "unpacked") else None


# ----------------------------------------------------------------- server


class Attach(Struct, frozen=True):
    """The client asks to be put into `session`, or out of it (None)."""

    id: int | None
    session: str | None


class Question(Struct, frozen=True):
    """The command asks `op` of the server."""

    id: int | None
    op: str


class Left(Struct, frozen=True):
    """The peer said goodbye."""

    reason: str


class Unheard(Struct, frozen=True):
    """Something that this connection may not say, to be answered so."""

    id: int | None
    error: PlugwireError


ServerEvent: TypeAlias = Message | Attach | Question | Left | Unheard
"""An application's message is an event by itself: a request where its `id`
is not None."""


class ServerProtocol:
    """What a joined client says to a server.

    `roomy` is its decoder, where that takes views: `feed` does then too.
    `unpacker` is its decoder, where that makes more bytes of what came.
    """

    __slots__ = ("_decoder", "_role", "roomy", "unpacker")

    def __init__(self, decoder: Decoder, role: Role) -> None:
        self._decoder = decoder
        self.roomy = _roomy(decoder)
        self.unpacker = _unpacker(decoder)
        self._role = role

    def weight(self, data: bytes) -> int:
        """How many bytes `data`, which was fed last, came to."""
        unpacker = self.unpacker
        return len(data) if unpacker is None else unpacker.unpacked

    def feed(self, data: bytes) -> Sequence[ServerEvent]:
        """What `data` completes, in order. Raises `MessageError` for bytes
        that are no messages: the connection has to end then."""
        messages = self._decoder.feed(data)
        if self._role != "control":
            for message in messages:
                if message.op is not None:
                    break
            else:  # the common case
                return messages
        return [self._sort(message) for message in messages]

    def _sort(self, message: Message) -> ServerEvent:
        op = message.op
        if op is None:
            if self._role == "control":
                return Unheard(
                    message.id, Denied("a control connection asks questions")
                )
            return message
        if op == GOODBYE:
            return Left(clean(message.data.get("reason", "")))
        if self._role == "control" and op in QUESTIONS:
            return Question(message.id, op)
        if self._role == "member" and op in (ATTACH, DETACH):
            return _attach(message)
        return Unheard(
            message.id,
            Denied(f"a {self._role} cannot ask for {clean(op)!r}"),
        )


def _attach(message: Message) -> ServerEvent:
    if message.op == DETACH:
        return Attach(message.id, None)
    try:
        session = check_event_name(message.data.get("session", ""))
    except ValidationFailed as error:
        return Unheard(message.id, error)
    return Attach(message.id, session)


# ----------------------------------------------------------------- client


class Reply(Struct, frozen=True):
    """The answer to the request `id`: a message, or the error that it is."""

    id: int
    answer: Message | PlugwireError


class Gap(Struct, frozen=True):
    """The server dropped `missed` messages for this client."""

    missed: int


class Goodbye(Struct, frozen=True):
    """The server ends the connection; `final`: for good."""

    reason: str
    final: bool


ClientEvent: TypeAlias = Reply | Gap | Goodbye


class ClientProtocol:
    """What a server says to a joined client.

    `seq` is the last broadcast to all that this client knows of, be it that
    it came or that it was told as lost. Gaps stand
    in `events` only: whoever hands messages on tells of them beside. `size`
    is how many bytes the last feed that completed a message has completed,
    those of the feeds before it that completed none included, as the decoder
    counts them where it unpacks. `roomy` is the decoder, where that takes
    views: `feed` does then too, `unpacker` where it makes more bytes of what
    came.
    """

    __slots__ = ("_begun", "_decoder", "_joined", "_kept", "_types", "events",
                 "roomy", "seq", "size", "unpacker")  # fmt: skip

    def __init__(
        self,
        decoder: Decoder,
        joined: Joined,
        types: Container[MessageType],
    ) -> None:
        self._decoder = decoder
        self.roomy = _roomy(decoder)
        self.unpacker = _unpacker(decoder)
        self._types = types
        self._kept = joined.kept
        self._joined = joined.seq
        # Kept ones come first, and count only once they are here.
        self.seq = max(0, joined.seq - joined.kept)
        self._begun = 0
        self.size = 0
        self.events: list[ClientEvent] = []

    def feed(self, data: bytes) -> list[Message]:
        """The application's messages that `data` completes, in order, of the
        wanted types; the rest goes to `events`. Raises `MessageError` for
        bytes that are no messages: the connection has to end then."""
        messages = self._decoder.feed(data)
        unpacker = self.unpacker
        size = len(data) if unpacker is None else unpacker.unpacked
        if self._begun:
            size += self._begun
            self._begun = 0
        if not messages:
            self._begun = size
            return messages
        self.size = size
        if self._kept:
            self._mark(messages)
        types = self._types
        for message in messages:
            if (
                message.op is not None
                or message.reply_to is not None
                or message.message_type not in types
            ):
                return self._sort_out(messages)
        seq = message.seq
        if seq is None:
            numbers = [m.seq for m in messages if m.seq is not None]
            seq = numbers[-1] if numbers else 0
        if seq > self.seq:
            self.seq = seq
        return messages

    def _mark(self, messages: list[Message]) -> None:
        """Those that a queue has kept come first."""
        for message in messages[: self._kept]:
            msgspec.structs.force_setattr(message, "kept", True)
        self._kept -= min(self._kept, len(messages))
        if not self._kept:
            # Who joined later than a queue's last message is up to date
            # all the same.
            self.seq = self._joined

    def _sort_out(self, messages: list[Message]) -> list[Message]:
        """What of `messages` is to be handed on; the rest is events."""
        types = self._types
        heard = []
        for message in messages:
            if message.reply_to is not None:
                reply = Reply(message.reply_to, _answer(message))
                self.events.append(reply)
                continue
            event = None if message.op is None else _event(message)
            if message.seq is not None and (
                message.op is None or isinstance(event, Gap)
            ):
                self.seq = max(self.seq, message.seq)
            if event is not None:
                self.events.append(event)
            elif message.message_type in types:
                heard.append(message)
        return heard


def _event(message: Message) -> Gap | Goodbye | None:
    """The event that `message` is, or None for one to be handed on."""
    data = message.data
    if message.op == GAP:
        missed = data.get("missed")
        if type(missed) is not int or missed < 1:
            raise MessageError("a gap of no messages")
        return Gap(missed)
    if message.op == GOODBYE:
        return Goodbye(
            clean(data.get("reason", "no reason given")),
            data.get("final") is True,
        )
    return None


def _answer(message: Message) -> Message | PlugwireError:
    if message.message_type is not MessageType.ERROR:
        return message
    reason = clean(message.data.get("reason", message.data))
    if message.op == DENIED:
        return Denied(reason)
    return RequestFailed(reason)


class ServerFacts(Struct, frozen=True, kw_only=True):
    """What a client knows of its server: `Client.server`.

    `codec` is the wire format, `max_message_bytes` what the server takes at
    most; `kept` how many kept messages it handed over at joining.
    """

    event: str
    door: str
    incarnation: str
    codec: str
    extensions: tuple[str, ...]
    max_message_bytes: int
    kept: int
    seq: int


def facts(welcome: Welcome, joined: Joined) -> ServerFacts:
    """What welcome and joined said."""
    return ServerFacts(
        event=welcome.event,
        door=welcome.door,
        incarnation=welcome.incarnation,
        codec=welcome.codec,
        extensions=welcome.extensions,
        max_message_bytes=welcome.max_message_bytes,
        kept=joined.kept,
        seq=joined.seq,
    )
