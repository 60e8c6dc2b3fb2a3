r"""A codec of frames, all but its format: for codecs' authors.

A format whose library writes and reads values, as most have one, needs only
three functions: one that writes a mapping, one that writes how an array of
so many begins, one that reads an array. What a codec owes besides is here:
exact values, the fields of a message and their rules, the bounds, and one
error for everything::

    class Cbor:
        @hookimpl
        def encode(self, max_message_bytes):
            return FramedEncoder("cbor", cbor2.dumps, array, max_message_bytes)

        @hookimpl
        def decode(self, max_message_bytes):
            return partial(FramedDecoder, loads, max_message_bytes)

where `array` and `loads` are functions of a few lines, and `loads` takes no
tags, for CBOR's make dates, references and worse of what a stranger sends::

    class NoTags(dict):
        def __missing__(self, tag):
            raise ValueError(f"tag {tag}, which no message has")

    def array(count):
        return b"\x99" + count.to_bytes(2, "big")

    def loads(payload):
        stream = BytesIO(payload)
        reader = cbor2.CBORDecoder(stream, semantic_decoders=NoTags())
        value = reader.decode()
        if stream.read(1):
            raise ValueError("bytes behind the array")
        return value

First-party codecs do the same closer to their libraries, and quicker.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from plugwire.errors import MessageError
from plugwire.framing import (
    FRAME_SLACK,
    MAX_DEPTH,
    MAX_FRAME_MESSAGES,
    FrameSplitter,
    frame,
    frame_limit,
)
from plugwire.message import Message
from plugwire.values import (
    INT_MAX,
    INT_MIN,
    check_received,
    check_received_name,
    plain,
    where,
)

_UNSAID = 512
"""Characters of a message that its bytes need not have: a codec may know the
names of the fields, the type's, the time's text by a number."""
_TEXTS = frozenset({str, bytes})
_HOLDERS = frozenset({dict, list})


class FramedEncoder:
    """An `Encoder` of frames, each an array of messages.

    `dumps` writes a dict of the values in `plugwire.values` and whatever it
    raises means that it cannot; `array` gives the bytes that stand before
    so many items, at most `framing.FRAME_SLACK` of them. Both must be pure:
    one encoder serves all connections of a door.
    """

    lines = False

    __slots__ = ("_array", "_dumps", "_limit", "format")

    def __init__(
        self,
        format: str,
        dumps: Callable[[dict[str, Any]], bytes],
        array: Callable[[int], bytes],
        max_message_bytes: int,
    ) -> None:
        self.format = format
        self._dumps = dumps
        self._array = array
        self._limit = max_message_bytes

    def encode(self, message: Message) -> bytes:
        """The mapping of `message`. Raises `MessageError` with the path of
        what the format cannot carry, and for one over
        `max_message_bytes`."""
        fields = to_mapping(message)
        try:
            body = self._dumps(fields)
            if type(body) is not bytes:
                raise TypeError(f"{type(body).__name__} in place of bytes")
        except Exception as error:
            path = where(fields["data"], self._carry) or "the message"
            raise MessageError(f"{path} cannot be sent: {error}") from error
        if len(body) > self._limit:
            raise MessageError(
                f"a message of {len(body)} bytes, over the {self._limit} "
                "allowed (max_message_bytes)"
            )
        return body

    def frame(self, bodies: Sequence[bytes]) -> bytes:
        """One array of `bodies`, with the frame's header."""
        return frame(self._array(len(bodies)), *bodies)

    def _carry(self, value: Any) -> None:
        try:
            self._dumps({"": value})
        except Exception as error:
            raise ValueError(str(error)) from error


class FramedDecoder:
    """A `Decoder` of such frames; between them it holds nothing.

    `loads` reads the value that its argument is, whole: whatever it raises
    means that the bytes are none. Bytes behind the value are its to refuse,
    and references to what came before, a few bytes of which can mean
    gigabytes to whoever sends it on. What it lets pass of them is refused
    here, where it is much: a list or mapping in two places, and texts longer
    than the frame. Where `loads` unpacks, say `unpacks`: then the texts may
    be as long as a frame's bytes may be, packed or not, and the decoder tells
    how much they were: `unpacked`, see `Unpacker`, which others have not.
    """

    __slots__ = ("_limit", "_loads", "_splitter", "_unpacks", "unpacked")

    def __init__(
        self,
        loads: Callable[[bytes], Any],
        max_message_bytes: int,
        *,
        unpacks: bool = False,
    ) -> None:
        self._limit = max_message_bytes
        self._loads = loads
        self._unpacks = unpacks
        if unpacks:
            self.unpacked = 0
        self._splitter = FrameSplitter(frame_limit(max_message_bytes))

    def feed(self, data: bytes | memoryview) -> list[Message]:
        """The messages of the frames that `data` completes, in order.

        Raises `MessageError` for everything that is no frame of messages;
        the decoder is of no use then.
        """
        messages: list[Message] = []
        if self._unpacks:
            self.unpacked = 0
        for payload in self._splitter.feed(data):
            messages += self._frame(bytes(payload))
        return messages

    def room(self) -> memoryview | None:
        """Where what comes next is best read, see `RoomyDecoder`."""
        return self._splitter.room()

    def _frame(self, payload: bytes) -> list[Message]:
        try:
            array = self._loads(payload)
        except Exception as error:
            why = str(error) or type(error).__name__
            raise MessageError(f"no frame of messages: {why:.200}") from error
        if type(array) is not list:
            kind = type(array).__name__
            raise MessageError(
                f"a frame must hold an array of messages, not {kind}"
            )
        if not 1 <= len(array) <= MAX_FRAME_MESSAGES:
            raise MessageError(
                f"a frame of {len(array)} messages; 1 to "
                f"{MAX_FRAME_MESSAGES} are allowed"
            )
        if len(array) == 1 and len(payload) > self._limit + FRAME_SLACK:
            raise MessageError(
                f"a message of some {len(payload)} bytes, over the "
                f"{self._limit} allowed (max_message_bytes)"
            )
        size = frame_limit(self._limit) if self._unpacks else len(payload)
        # Before `convert`, which copies each mapping that it is given.
        found = _check_tree(array, MAX_DEPTH + 2, size + _UNSAID * len(array))
        if self._unpacks:
            self.unpacked += max(found, len(payload))
        return [_message(fields) for fields in array]


def to_mapping(message: Message) -> dict[str, Any]:
    """The fields of `message` as they are on the wire, in exact types: the
    first five of docs/wire-format.md always, the others where they are set.

    `data` is the sender's own where it was exact. Raises `MessageError` with
    the path of a value that no message may hold.
    """
    data = plain(message.data)
    try:
        check_received(data)
    except MessageError:
        # Of what `plain` gives, only ints can be wrong.
        path = where(data, _within)
        raise MessageError(
            f"{path} cannot be sent: ints go from -2^63 to 2^64 - 1"
        ) from None
    name = message.event_name
    fields: dict[str, Any] = {
        "event_name": str.__str__(name) if isinstance(name, str) else name,
        "timestamp_ms": message.timestamp_ms,
        "timestamp_iso": message.timestamp_iso,
        "message_type": str(message.message_type),
        "data": data,
    }
    for key in ("seq", "id", "reply_to", "op"):
        if (value := getattr(message, key)) is not None:
            fields[key] = value
    return fields


def from_mapping(fields: Any) -> Message:
    """The message that a peer's `fields` are, which may be anything; keys
    that nobody knows, and `kept`, are ignored.

    Raises `MessageError` for a field that is missing or wrong, and for
    values that no message may hold. What `fields` holds becomes the
    message's own. How long its texts are is not looked at, and a
    format with references makes long ones of a few bytes.
    """
    if type(fields) is dict:
        _check_tree(fields, MAX_DEPTH + 1)
    return _message(fields)


def _message(fields: Any) -> Message:
    """That of fields whose tree was checked."""
    try:
        message = msgspec.convert(fields, Message)
    except (ValueError, RecursionError) as error:
        raise MessageError(f"no message: {error!s:.200}") from None
    check_received_name(message.event_name)
    check_received(message.data)
    if message.kept:
        return msgspec.structs.replace(message, kept=False)
    return message


def _check_tree(root: Any, levels: int, most: int | None = None) -> int:
    """How much `root` holds: the length of its texts and bytes, each counted
    where it stands, and one for each value.

    Raises `MessageError` where a list or mapping is in two places: of fifty
    levels, each twice the last one, a walk has no end. And where the texts
    are longer than `most` together.
    """
    level: list[Any] = [root]
    seen: set[int] = set()
    texts = count = 0
    for _ in range(levels):
        inner: list[Any] = []
        for holder in level:
            values = holder
            if type(holder) is dict:
                values = holder.values()
                texts += sum([len(k) for k in holder if type(k) in _TEXTS])
            texts += sum([len(v) for v in values if type(v) in _TEXTS])
            count += len(values)
            inner += [v for v in values if type(v) in _HOLDERS]
        if most is not None and texts > most:
            raise MessageError(
                "the texts of a frame are longer than the frame: references"
            )
        if not inner:
            break
        known = len(seen)
        seen.update(map(id, inner))
        if len(seen) < known + len(inner):
            raise MessageError("a message holds one list or mapping twice")
        level = inner
    return texts + count


def _within(value: Any) -> None:
    if type(value) is int and not INT_MIN <= value <= INT_MAX:
        raise ValueError("over 64 bits")
