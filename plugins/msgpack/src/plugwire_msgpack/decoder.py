"""Framed MessagePack to messages, trusting nothing."""

from __future__ import annotations

from gc import is_tracked
from struct import Struct as Layout

import msgpack  # type: ignore[import-untyped]
import msgspec

from plugwire.errors import MessageError
from plugwire.framing import (
    LARGE,
    MAX_FRAME_MESSAGES,
    FrameSplitter,
    frame_limit,
)
from plugwire.message import Message
from plugwire.values import check_received, check_received_name, is_flat


class MsgpackDecoder:
    """Decodes the frames of one connection, each in one call into C.

    Between frames it holds no buffer and no Unpacker (48 KiB each). The
    garbage collector tracks each dict that holds a container or anything
    foreign, so that the values of all others need not be looked at.
    """

    __slots__ = ("_between", "_limit", "_name", "_splitter")

    def __init__(self, max_message_bytes: int) -> None:
        self._limit = max_message_bytes
        self._splitter = FrameSplitter(frame_limit(max_message_bytes))
        self._between = True
        self._name: str | None = None

    def feed(self, data: bytes | memoryview) -> list[Message]:
        """The messages of the frames that `data` completes, in order.

        Raises `MessageError` for everything that is no frame of messages;
        the decoder is of no use then.
        """
        size = len(data) - _HEADS
        if (
            self._between
            and 0 < size <= self._limit
            and _heads(data) == (size + 1, 0x91)
        ):
            # One that came alone, as mostly where each is waited for.
            whole = data if size <= LARGE else memoryview(data)
            try:
                message = _convert(_unpackb(whole[_HEADS:]), Message)
            except _MALFORMED:
                message = None  # `_frame` says what is wrong
            if message is not None:
                if (
                    message.event_name != self._name
                    or message.kept
                    or is_tracked(message.data)
                ):
                    self._check(message)
                return [message]
        payloads = self._splitter.feed(data)
        self._between = not self._splitter.pending
        if len(payloads) == 1:
            return self._frame(payloads[0])
        messages: list[Message] = []
        for payload in payloads:
            messages += self._frame(payload)
        return messages

    def room(self) -> memoryview | None:
        """Where what comes next is best read, see `RoomyDecoder`."""
        return self._splitter.room()

    def _frame(self, payload: bytes | memoryview) -> list[Message]:
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
            messages = _convert(_unpackb(payload), list[Message])
        except _MALFORMED as error:
            why = str(error) or type(error).__name__
            raise MessageError(f"no frame of messages: {why:.200}") from None
        name = self._name
        doubtful = [
            message
            for message in messages
            if is_tracked(message.data)
            or message.kept
            or message.event_name != name
        ]
        for message in doubtful:
            self._check(message)
        return messages

    def _check(self, message: Message) -> None:
        """What the libraries leave open of `message`."""
        if message.event_name != self._name:
            self._name = check_received_name(message.event_name)
        if message.kept:
            # Nobody else has seen it yet.
            msgspec.structs.force_setattr(message, "kept", False)
        data = message.data
        if is_tracked(data) and not is_flat(data):
            check_received(data)


_convert = msgspec.convert
_unpackb = msgpack.unpackb
_heads = Layout(">IB").unpack_from  # of a frame, and of its array
_HEADS = 5
_MALFORMED = (
    ValueError,  # nearly all, of msgpack and of msgspec
    OverflowError,  # a timestamp out of range
    RecursionError,
    MemoryError,  # many nested arrays that claim to be long
    msgpack.UnpackException,
)


def _array(payload: bytes | memoryview) -> tuple[int, int]:
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
