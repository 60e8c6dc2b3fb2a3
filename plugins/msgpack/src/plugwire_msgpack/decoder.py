"""Framed MessagePack to messages, trusting nothing."""

from __future__ import annotations

import msgpack  # type: ignore[import-untyped]
import msgspec

from plugwire.errors import MessageError
from plugwire.framing import (
    MAX_FRAME_MESSAGES,
    FrameSplitter,
    frame_limit,
)
from plugwire.message import Message
from plugwire.values import check_received, check_received_name, is_flat


class MsgpackDecoder:
    """Decodes the frames of one connection, each in one call into C.

    Between frames it holds no buffer and no Unpacker (48 KiB each).
    """

    __slots__ = ("_limit", "_name", "_split")

    def __init__(self, max_message_bytes: int) -> None:
        self._limit = max_message_bytes
        self._split = FrameSplitter(frame_limit(max_message_bytes)).feed
        self._name = ""

    def feed(self, data: bytes) -> list[Message]:
        """The messages of the frames that `data` completes, in order.

        Raises `MessageError` for everything that is no frame of messages;
        the decoder is of no use then.
        """
        messages: list[Message] = []
        for payload in self._split(data):
            messages += self._frame(payload)
        return messages

    def _frame(self, payload: bytes) -> list[Message]:
        count, head = _array(payload)
        if not 1 <= count <= MAX_FRAME_MESSAGES:
            raise MessageError(
                f"a frame of {count} messages; 1 to {MAX_FRAME_MESSAGES} "
                "are allowed"
            )
        size = len(payload) - head
        if count == 1 and size > self._limit:
            raise MessageError(
                f"a message of {size} bytes, over the {self._limit} allowed "
                "(max_message_bytes)"
            )
        try:
            messages = msgspec.convert(msgpack.unpackb(payload), list[Message])
        except _MALFORMED as error:
            why = str(error) or type(error).__name__
            raise MessageError(f"no frame of messages: {why:.200}") from None
        for at, message in enumerate(messages):
            if message.event_name != self._name:
                self._name = check_received_name(message.event_name)
            if not is_flat(message.data):
                check_received(message.data)
            if message.kept:
                messages[at] = msgspec.structs.replace(message, kept=False)
        return messages


_MALFORMED = (
    ValueError,  # nearly all, of msgpack and of msgspec
    OverflowError,  # a timestamp out of range
    RecursionError,
    MemoryError,  # many nested arrays that claim to be long
    msgpack.UnpackException,
)


def _array(payload: bytes) -> tuple[int, int]:
    """How many messages the array claims, and the bytes of its header."""
    first = payload[0] if payload else 0
    if first & 0xF0 == 0x90:
        return first & 0x0F, 1
    if first == 0xDC:
        return int.from_bytes(payload[1:3], "big"), 3
    if first == 0xDD:
        return int.from_bytes(payload[1:5], "big"), 5
    found = f"byte {first:#04x}" if payload else "nothing"
    raise MessageError(f"a frame must hold an array of messages, not {found}")
