"""The limit's codec: a frame is four bytes of length and an array of
messages, encoded once, decoded to validated messages in one call.

The messages are plugwire's in shape, made by hand for this one purpose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from benchmarks.peers.base import HEAD
from benchmarks.record import EVENT, Data, Stamps

CHUNK = 64 << 10
"""What is joined into one write."""

Body = Callable[[Data], bytes]
Messages = Callable[[bytes | memoryview], Sequence[Any]]


def limit_codec(name: str) -> tuple[Body, Messages]:
    """Encode one message, decode one frame's payload."""
    import msgspec

    class Message(msgspec.Struct, frozen=True):
        event_name: str
        timestamp_ms: int
        timestamp_iso: str
        message_type: str
        data: dict[str, Any]

    stamps = Stamps()
    if name == "msgspec":
        encode = msgspec.msgpack.Encoder().encode

        def body(content: Data) -> bytes:
            return encode(Message(EVENT, *stamps(), "data", content))

        return body, msgspec.msgpack.Decoder(list[Message]).decode

    import msgpack

    pack, unpack = msgpack.Packer().pack, msgpack.unpackb
    kind, convert = list[Message], msgspec.convert

    def packed(content: Data) -> bytes:
        ms, iso = stamps()
        found: bytes = pack(
            {
                "event_name": EVENT,
                "timestamp_ms": ms,
                "timestamp_iso": iso,
                "message_type": "data",
                "data": content,
            }
        )
        return found

    def unpacked(payload: bytes | memoryview) -> Sequence[Any]:
        return convert(unpack(payload), kind)

    return packed, unpacked


def frame(bodies: Sequence[bytes]) -> bytes:
    """One frame of an array of `bodies`."""
    count = len(bodies)
    if count < 16:
        head = bytes((0x90 | count,))
    else:
        head = b"\xdc" + count.to_bytes(2, "big")
    size = len(head) + sum(map(len, bodies))
    return b"".join((HEAD.pack(size), head, *bodies))


def chunks(body: Body, content: Iterable[Data]) -> Iterable[bytes]:
    """Frames of about `CHUNK` bytes of all of `content`."""
    bodies: list[bytes] = []
    size = 0
    for data in content:
        encoded = body(data)
        bodies.append(encoded)
        size += len(encoded)
        if size >= CHUNK:
            yield frame(bodies)
            bodies, size = [], 0
    if bodies:
        yield frame(bodies)


class Splitter:
    """A connection's incoming bytes, read into a buffer that all share while
    frames are small, and into one of the frame's size where they are not."""

    __slots__ = ("_decode", "_filled", "_large", "_rest", "_shared")

    def __init__(self, decode: Messages, shared: memoryview) -> None:
        self._decode = decode
        self._shared = shared
        self._rest = b""
        self._large: memoryview | None = None
        self._filled = 0

    def room(self) -> memoryview:
        """Where the next bytes go."""
        if self._large is not None:
            return self._large[self._filled :]
        return self._shared

    def came(self, count: int) -> list[Any]:
        """The messages that `count` more bytes complete."""
        large = self._large
        if large is not None:
            self._filled += count
            if self._filled < len(large):
                return []
            self._large = None
            return list(self._decode(large))
        chunk = bytes(self._shared[:count])
        if self._rest:
            chunk = self._rest + chunk
        at, end = 0, len(chunk)
        messages: list[Any] = []
        while end - at >= 4:
            (size,) = HEAD.unpack_from(chunk, at)
            stop = at + 4 + size
            if stop > end:
                if size > CHUNK:
                    self._large = memoryview(bytearray(size))
                    self._filled = end - at - 4
                    self._large[: self._filled] = chunk[at + 4 :]
                    at = end
                break
            messages += self._decode(chunk[at + 4 : stop])
            at = stop
        self._rest = chunk[at:]
        return messages
