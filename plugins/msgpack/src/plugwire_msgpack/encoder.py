"""Messages to MessagePack, framed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from gc import is_tracked
from struct import Struct as Layout
from typing import Any

import msgpack  # type: ignore[import-untyped]

from plugwire.errors import MessageError
from plugwire.framing import HEADER, LARGE, frame
from plugwire.message import Message, Stamp
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

_SEQ, _ID, _REPLY_TO = b"\xa3seq", b"\xa2id", b"\xa8reply_to"
_REFUSED = (ValueError, TypeError, OverflowError)
"""What a Packer raises for what it cannot pack."""
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

    __slots__ = ("_head", "_is_large", "_known", "_least", "_limit",
                 "_longer", "_pack", "_stamp")  # fmt: skip

    def __init__(self, max_message_bytes: int) -> None:
        self._limit = max_message_bytes
        self._pack = msgpack.Packer(buf_size=ROOM).pack
        self._known = frozenset[str]().issuperset
        self._least = min(LARGE, max_message_bytes)
        self._stamp: Stamp | None = None
        self._head = self._longer = b""
        self._is_large = False

    def encode(self, message: Message) -> bytes:
        """The map of `message`. Raises `MessageError` with the path of what
        MessagePack cannot carry, and for one over `max_message_bytes`."""
        data = message.data
        if type(data) is not dict or is_tracked(data) or not self._known(data):
            data = self._plain(data)
        try:
            body: bytes = self._pack(_fields(message, data))
        except _REFUSED as error:
            raise _cannot(data, error) from None
        if len(body) > self._limit:
            self._weigh(body)
        return body

    def encode_stamped(
        self,
        stamp: Stamp,
        data: dict[str, Any],
        seq: int | None = None,
        id: int | None = None,
        reply_to: int | None = None,
    ) -> bytes:
        """The same for a message of these fields, see `StampingEncoder`."""
        name, number = _SEQ, seq
        if seq is None:
            if id is not None:
                name, number = _ID, id
            else:
                name, number = _REPLY_TO, reply_to
        if is_tracked(data) or not self._known(data):
            if self._is_large:
                spliced = self._spliced(stamp, data, name, number)
                if spliced is not None:
                    return spliced
            data = self._plain(data)
        pack = self._pack
        try:
            if stamp is not self._stamp:
                self._make_heads(stamp)
            if number is None:
                body: bytes = self._head + pack(data)
            else:
                body = b"".join((self._longer, pack(data), name, pack(number)))
        except _REFUSED as error:
            raise _cannot(data, error) from None
        if len(body) > self._least:
            self._weigh(body)
        return body

    def _weigh(self, body: bytes) -> None:
        """`body` is large, or even over the limit."""
        self._is_large = True
        self._known = _none_known
        if len(body) > self._limit:
            # A Packer keeps the room that its largest message took.
            self._pack = msgpack.Packer(buf_size=ROOM).pack
            raise MessageError(
                f"a message of {len(body)} bytes, over the {self._limit} "
                "allowed (max_message_bytes)"
            )

    def _spliced(
        self,
        stamp: Stamp,
        data: dict[str, Any],
        name: bytes,
        number: int | None,
    ) -> bytes | None:
        """The same with large bytes copied once, where a Packer does so
        three times; None where it is to be asked after all."""
        self._is_large = False
        if is_tracked(data) or not {str}.issuperset(map(type, data)):
            return None
        pack = self._pack
        found = False
        try:
            if stamp is not self._stamp:
                self._make_heads(stamp)
            parts = [
                self._head if number is None else self._longer,
                _map_head(len(data)),
            ]
            for key, value in data.items():
                parts.append(pack(key))
                if type(value) is bytes and len(value) > APART:
                    parts += (b"\xc6", len(value).to_bytes(4, "big"), value)
                    found = True
                else:
                    parts.append(pack(value))
            if number is not None:
                parts += (name, pack(number))
        except _REFUSED:
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

    def _make_heads(self, stamp: Stamp) -> None:
        """What stands before `data`, without a field behind it, and with
        one."""
        whole: bytes = self._pack(
            {
                "event_name": stamp.event_name,
                "timestamp_ms": stamp.timestamp_ms,
                "timestamp_iso": stamp.timestamp_iso,
                "message_type": stamp.message_type,
                "data": {},
            }
        )
        self._head = whole[:-1]
        self._longer = b"\x86" + whole[1:-1]
        self._stamp = stamp

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


def _cannot(data: dict[str, Any], error: Exception) -> MessageError:
    plain(data)  # it may say more of what the Packer does not know
    path = where(data, msgpack.packb) or "the message"
    return MessageError(f"{path} cannot be sent: {error}")


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
