"""What is sent: messages, their types, event names and timestamps."""

from __future__ import annotations

import re
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Annotated, Any, TypeAlias

from msgspec import Meta, Struct

from plugwire.errors import ValidationFailed

MAX_EVENT_NAME = 64
"""Characters. It is part of a socket's path, which has 108 bytes in all."""

MAX_ISO = 64
"""Characters of `timestamp_iso` that a decoder takes; 29 or 32 are used."""

_Number: TypeAlias = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]

_EVENT_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}\Z")


class MessageType(StrEnum):
    """The kind of a message; on the wire it is the value."""

    DATA = "data"
    ERROR = "error"
    CONTROL = "control"


DATA = MessageType.DATA
"""For where each message passes: to ask the enum takes as long as a call."""


class Message(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message, as sent and as received.

    `timestamp_ms` counts milliseconds since 1970 (UTC); `timestamp_iso` is
    the same moment in the sender's zone. `seq` numbers the broadcasts to
    all, `id` marks a request and `reply_to` its answer. `op` is set by the
    library alone, on its own CONTROL and ERROR messages. `kept` is true for
    what a queue held: set on receipt, never on the wire.

    Fields cannot be rebound; `data` is the receiver's own and may be
    changed. Messages are equal when their fields are. The limits in the
    annotations hold where msgspec decodes into a Message; making one checks
    nothing.
    """

    event_name: str
    timestamp_ms: Annotated[int, Meta(ge=-(1 << 63), le=(1 << 63) - 1)]
    timestamp_iso: Annotated[str, Meta(max_length=MAX_ISO)]
    message_type: MessageType
    data: dict[str, Any]
    seq: _Number | None = None
    id: _Number | None = None
    reply_to: _Number | None = None
    op: str | None = None
    kept: bool = False


class Stamp(Struct, frozen=True):
    """What all messages of an event, a type and a millisecond share: the
    fields of a `Message` that are the same for each of them."""

    event_name: str
    timestamp_ms: int
    timestamp_iso: str
    message_type: MessageType


def check_event_name(name: str) -> str:
    """Return `name`, or raise `ValidationFailed` saying why it is none.

    The rule is fixed, `^[a-zA-Z0-9_-]+$` and at most 64 characters, because
    the name is in paths and on the wire. Session names follow it too.
    """
    kind: type = type(name)
    if not issubclass(kind, str):
        why = f"it is {kind.__name__}, not str"
    elif _EVENT_NAME.match(name):
        return name
    elif not name:
        why = "it is empty"
    elif len(name) > MAX_EVENT_NAME:
        why = f"it has {len(name)} characters"
    else:
        bad = sorted({c for c in name if not _EVENT_NAME.match(c)})
        why = f"it holds {', '.join(map(repr, bad[:5]))}"
    raise ValidationFailed(
        f"{name!r:.80} is no event name: {why}; a name is 1 to "
        f"{MAX_EVENT_NAME} of the characters a-z A-Z 0-9 _ and -"
    )


class Calendar:
    """Tells a millisecond as text, in `zone`.

    A second's text is formatted once and reused, since ten thousand messages
    share it. Not thread-safe by itself: the worst that two threads can do to
    one another is to format one twice.
    """

    __slots__ = ("_parts", "_zone")

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._parts: tuple[int | None, str, str] = (None, "", "")

    def iso(self, ms: int) -> str:
        """`ms` milliseconds since 1970: `2026-01-09T12:00:00.123+00:00`."""
        second, rest = divmod(ms, 1000)
        cached, head, tail = self._parts
        if cached != second:
            text = datetime.fromtimestamp(second, self._zone).isoformat()
            head, tail = text[:19], text[19:]
            self._parts = (second, head, tail)
        return f"{head}.{rest:03d}{tail}"
