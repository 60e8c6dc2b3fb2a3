"""Length-prefixed frames and lines, bounded; no I/O.

A frame is four bytes, big-endian, of which the top byte is flags (0 in
version 1) and the rest the length of the payload, and then the payload. The
length is checked before anything is buffered. A splitter holds only what is
incomplete, so an idle connection holds nothing.
"""

from __future__ import annotations

from struct import Struct

from plugwire.errors import MessageError

HEADER = Struct(">I")
HEADER_BYTES = HEADER.size
MAX_PAYLOAD = (1 << 24) - 1
"""Bytes: the length has 24 bits."""
TICK_BYTES = 64 * 1024
"""Bytes that are joined into one frame at most, unless one message is
larger: one or two socket buffers' worth, past which joining gains nothing."""
MAX_FRAME_MESSAGES = 4096
"""Messages in one frame at most: bounds what one read can decode to."""
MAX_DEPTH = 64
"""Nesting of lists and mappings that the first-party codecs carry."""
FRAME_SLACK = 64
"""Bytes of a frame beyond its messages: the array's own header."""
LARGE = TICK_BYTES + FRAME_SLACK
"""Bytes of a payload over which a view of it is quicker than a copy: more
than what is joined, so that it is one message from any peer of ours."""
MIN_MESSAGE_BYTES = 256
"""Bytes that `max_message_bytes` may be at least: the library's own notices
must fit, of a gap and of a refusal in few words."""
MAX_MESSAGE_BYTES = MAX_PAYLOAD - FRAME_SLACK
"""Bytes that `max_message_bytes` may be at most."""


def frame_limit(max_message_bytes: int) -> int:
    """The largest payload in bytes that a peer may send in one frame."""
    return max(TICK_BYTES, max_message_bytes) + FRAME_SLACK


def frame(*parts: bytes) -> bytes:
    """The payload that `parts` are together, with its header. Raises
    `MessageError` past 24 bits."""
    size = sum(map(len, parts))
    if size > MAX_PAYLOAD:
        raise MessageError(
            f"a frame of {size} bytes does not fit: the length has 24 bits, "
            f"{MAX_PAYLOAD} bytes at most"
        )
    return b"".join((HEADER.pack(size), *parts))


class FrameSplitter:
    """Cuts a stream into payloads, each at most `limit` bytes."""

    __slots__ = ("_have", "_limit", "_need", "_parts")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[bytes] | None = None  # an idle client has none
        self._have = 0
        self._need = HEADER_BYTES

    def feed(self, data: bytes) -> list[bytes | memoryview]:
        """The payloads that are complete with `data`, in order; those of
        over `LARGE` bytes as views, which need no copy.

        Raises `MessageError` for flags that are not 0 and for a length over
        the limit, as soon as the header is there; the splitter is of no use
        then.
        """
        if self._parts:
            self._parts.append(data)
            self._have += len(data)
            if self._have < self._need:
                return []
            data = b"".join(self._parts)
            self._parts = None
        end = len(data)
        at = 0
        limit = self._limit
        unpack = HEADER.unpack_from
        payloads: list[bytes | memoryview] = []
        need = HEADER_BYTES
        while end - at >= HEADER_BYTES:
            (length,) = unpack(data, at)
            if length > limit:
                raise MessageError(_why(length, limit))
            stop = at + HEADER_BYTES + length
            if stop > end:
                need = HEADER_BYTES + length
                break
            whole = data if length <= LARGE else memoryview(data)
            payloads.append(whole[at + HEADER_BYTES : stop])
            at = stop
        if at < end:
            rest = data[at:] if at else data
            self._parts = [rest]
            self._have = len(rest)
            self._need = need
        return payloads

    @property
    def pending(self) -> int:
        """Bytes held of an incomplete frame."""
        return self._have if self._parts else 0


def _why(header: int, limit: int) -> str:
    flags, length = header >> 24, header & MAX_PAYLOAD
    if flags:
        return (
            f"a frame with flags {flags:#04x}: version 1 has none (is this "
            "another protocol?)"
        )
    return f"a frame of {length} bytes, more than the {limit} allowed"


class LineSplitter:
    r"""Cuts a stream into lines that end in ``\n``, each at most `limit`
    bytes without it. A ``\r`` before it is cut off too; empty lines are
    left out. What has no ``\n`` at the end of the stream is no line."""

    __slots__ = ("_have", "_limit", "_parts")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._have = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that are complete with `data`, in order. Raises
        `MessageError` for one that is too long, complete or not."""
        lines = data.split(b"\n")
        rest = lines.pop()
        if lines and self._parts:
            self._parts.append(lines[0])
            lines[0] = b"".join(self._parts)
            self._parts.clear()
            self._have = 0
        limit = self._limit
        if rest:
            self._parts.append(rest)
            self._have += len(rest)
            if self._have > limit + 1:
                raise MessageError(_too_long(self._have, limit))
        whole = []
        for line in lines:
            if line.endswith(b"\r"):
                line = line[:-1]
            if len(line) > limit:
                raise MessageError(_too_long(len(line), limit))
            if line:
                whole.append(line)
        return whole

    @property
    def pending(self) -> int:
        """Bytes held of an incomplete line."""
        return self._have


def _too_long(length: int, limit: int) -> str:
    return f"a line of {length} bytes or more, over the {limit} allowed"
