"""Messages to MessagePack, framed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from gc import is_tracked
from struct import Struct as Layout
from typing import Any

import msgpack  # type: ignore[import-untyped]

from plugwire.errors import MessageError
from plugwire.framing import HEADER, LARGE, frame
from plugwire.message import Message, MessageType
from plugwire.values import plain, where

MAX_KNOWN = 64
"""Keys, those of the last message with new ones, that an encoder knows to be
str: the next message of that kind is quicker."""
ROOM = 4096
"""Bytes that a Packer has room for at first. It grows with what it packs; its
own default is a mebibyte, for each of a thousand clients."""
APART = (1 << 16) - 1
"""Bytes over which a value is not given to a Packer: the most whose length
has two bytes in MessagePack."""

_SEQ = b"\xa3seq"
_heads = Layout(">IB").pack  # of a frame, and of its array
_FIXARRAY = 16
_ARRAY_16 = 1 << 16


class MsgpackEncoder:
    """Encodes a message in about 1 µs (eight floats, two ints).

    The garbage collector tracks each dict that holds a container, or nearly
    any foreign object, and the Packer refuses the rest, so that the values
    of one that is not tracked need not be looked at. What can be said once a
    millisecond is.

    One thread at a time: the Packer, reused because making one costs as
    much as ten messages, is no thread's own.
    """

    format = "msgpack"
    lines = False

    __slots__ = ("_event", "_head", "_head_seq", "_is_large", "_iso", "_known",
                 "_limit", "_ms", "_pack", "_type")  # fmt: skip

    def __init__(self, max_message_bytes: int) -> None:
        self._limit = max_message_bytes
        self._pack = msgpack.Packer(buf_size=ROOM).pack
        self._known = frozenset[str]().issuperset
        self._event = self._iso = ""
        self._ms = -1
        self._type: MessageType | None = None
        self._head = self._head_seq = b""
        self._is_large = False

    def encode(self, message: Message) -> bytes:
        """The map of `message`. Raises `MessageError` with the path of what
        MessagePack cannot carry, and for one over `max_message_bytes`."""
        data = message.data
        if type(data) is not dict or is_tracked(data) or not self._known(data):
            if self._is_large:
                spliced = self._spliced(message)
                if spliced is not None:
                    return spliced
            data = self._plain(data)
        seq = message.seq
        try:
            if (
                message.id is not None
                or message.reply_to is not None
                or message.op is not None
            ):
                body: bytes = self._pack(_fields(message, data))
            else:
                if (
                    message.timestamp_ms != self._ms
                    or message.timestamp_iso != self._iso
                    or message.event_name != self._event
                    or message.message_type is not self._type
                ):
                    self._make_heads(message)
                if seq is None:
                    body = self._head + self._pack(data)
                else:
                    pack = self._pack
                    body = b"".join(
                        (self._head_seq, pack(data), _SEQ, pack(seq))
                    )
        except (ValueError, TypeError, OverflowError) as error:
            plain(data)  # it may say more of what the Packer does not know
            path = where(data, msgpack.packb) or "the message"
            raise MessageError(f"{path} cannot be sent: {error}") from None
        if len(body) > LARGE:
            self._is_large = True
            self._known = _none_known
        if len(body) > self._limit:
            # A Packer keeps the room that its largest message took.
            self._pack = msgpack.Packer(buf_size=ROOM).pack
            raise MessageError(
                f"a message of {len(body)} bytes, over the {self._limit} "
                "allowed (max_message_bytes)"
            )
        return body

    def _spliced(self, message: Message) -> bytes | None:
        """The same with large bytes copied once, where a Packer does so
        three times; None where it is to be asked after all."""
        self._is_large = False
        data = message.data
        if (
            type(data) is not dict
            or is_tracked(data)
            or not {str}.issuperset(map(type, data))
            or message.id is not None
            or message.reply_to is not None
            or message.op is not None
        ):
            return None
        pack = self._pack
        seq = message.seq
        found = False
        try:
            self._make_heads(message)
            parts = [
                self._head if seq is None else self._head_seq,
                _map_head(len(data)),
            ]
            for key, value in data.items():
                parts.append(pack(key))
                if type(value) is bytes and len(value) > APART:
                    parts += (b"\xc6", len(value).to_bytes(4, "big"), value)
                    found = True
                else:
                    parts.append(pack(value))
            if seq is not None:
                parts += (_SEQ, pack(seq))
        except (ValueError, TypeError, OverflowError):
            return None
        if not found or sum(map(len, parts)) > self._limit:
            return None
        self._is_large = True
        return b"".join(parts)

    def _plain(self, data: Any) -> dict[str, Any]:
        """`plain`, and the keys are known to be str next time."""
        exact = plain(data)
        if len(exact) <= MAX_KNOWN:
            self._known = frozenset(exact).issuperset
        return exact

    def _make_heads(self, message: Message) -> None:
        """What stands before `data`, the same for all broadcasts of an event
        within a millisecond: with a `seq` behind `data`, and without."""
        whole: bytes = self._pack(
            {
                "event_name": message.event_name,
                "timestamp_ms": message.timestamp_ms,
                "timestamp_iso": message.timestamp_iso,
                "message_type": message.message_type,
                "data": {},
            }
        )
        self._head = whole[:-1]
        self._head_seq = b"\x86" + whole[1:-1]
        self._event = message.event_name
        self._iso = message.timestamp_iso
        self._ms = message.timestamp_ms
        self._type = message.message_type

    def head(self, body: bytes) -> bytes:
        """What stands before `body`, alone in a frame."""
        return HEADER.pack(1 + len(body)) + b"\x91"

    def frame(self, bodies: Sequence[bytes]) -> bytes:
        """One array of `bodies`, with the frame's header."""
        count = len(bodies)
        if count == 1 and len(bodies[0]) <= LARGE:
            body = bodies[0]  # as mostly where each is awaited
            return _heads(1 + len(body), 0x91) + body
        if count < _FIXARRAY:
            head = bytes((0x90 | count,))
        elif count < _ARRAY_16:
            head = b"\xdc" + count.to_bytes(2, "big")
        else:
            raise MessageError(f"a frame of {count} messages is too many")
        return frame(head, *bodies)


def _none_known(keys: Iterable[object]) -> bool:  # noqa: ARG001
    """What an encoder knows whose last message was large: each is looked
    at, so that the others pay nothing for it."""
    return False


def _map_head(count: int) -> bytes:
    if count < _FIXARRAY:
        return bytes((0x80 | count,))
    if count < _ARRAY_16:
        return b"\xde" + count.to_bytes(2, "big")
    return b"\xdf" + count.to_bytes(4, "big")


def _fields(message: Message, data: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "event_name": message.event_name,
        "timestamp_ms": message.timestamp_ms,
        "timestamp_iso": message.timestamp_iso,
        "message_type": message.message_type,
        "data": data,
    }
    for name in ("seq", "id", "reply_to", "op"):
        if (value := getattr(message, name)) is not None:
            fields[name] = value
    return fields
