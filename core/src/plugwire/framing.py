"""Length-prefixed frames and lines, bounded; no I/O.

A frame is four bytes, big-endian, of which the top byte is flags (0 in
version 1) and the rest the length of the payload, and then the payload. The
length is checked before anything is buffered. A splitter holds only what is
incomplete, so an idle connection holds nothing.
"""

from __future__ import annotations

from struct import Struct

from plugwire import rooms
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
    if size > LARGE:
        rooms.keep_memory()
        if size > MAX_PAYLOAD:
            raise MessageError(
                f"a frame of {size} bytes does not fit: the length has 24 "
                f"bits, {MAX_PAYLOAD} bytes at most"
            )
    return b"".join((HEADER.pack(size), *parts))


class FrameSplitter:
    """Cuts a stream into payloads, each at most `limit` bytes.

    Where `room` is asked for after each feed, the rest of a large frame can
    be read into memory of its own: what was read there is fed as the view of
    its beginning, `feed(room[:count])`. Any other view may be fed as well;
    what is kept of it is copied.
    """

    __slots__ = ("_at", "_have", "_limit", "_need", "_parts", "_room")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[bytes] | None = None  # an idle client has none
        self._room: memoryview | None = None
        self._at = 0  # where in it what is kept begins
        self._have = 0
        self._need = HEADER_BYTES

    def feed(self, data: bytes | memoryview) -> list[bytes | memoryview]:
        """The payloads that are complete with `data`, in order; those of
        over `LARGE` bytes as views, which need no copy. Where `data` is a
        view, these are good until anything is fed or read again.

        Raises `MessageError` for flags that are not 0 and for a length over
        the limit, as soon as the header is there; the splitter is of no use
        then.
        """
        if type(data) is memoryview:
            return self._feed_view(data)
        if self._have:
            parts = self._collected()
            parts.append(data)
            self._have += len(data)
            if self._have < self._need:
                return []
            data = b"".join(parts)
            self._parts = None
            self._have = 0
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
            self._room = None
            self._have = len(rest)
            self._need = need
        return payloads

    def _feed_view(self, view: memoryview) -> list[bytes | memoryview]:
        payloads: list[bytes | memoryview] = []
        room = self._room
        if room is not None and view.obj is room.obj:
            self._have += len(view)
            if self._have < self._need:
                return payloads
            view = room[: self._have]
        else:
            room = None
            while self._have:
                # What has begun is joined with what it lacks and no more.
                parts = self._collected()
                missing = self._need - self._have
                if len(view) < missing:
                    parts.append(bytes(view))
                    self._have += len(view)
                    return payloads
                whole = b"".join((*parts, view[:missing]))
                view = view[missing:]
                self._have = 0
                payloads += self.feed(whole)
        end = len(view)
        at = 0
        need = HEADER_BYTES
        while end - at >= HEADER_BYTES:
            (length,) = HEADER.unpack_from(view, at)
            if length > self._limit:
                raise MessageError(_why(length, self._limit))
            stop = at + HEADER_BYTES + length
            if stop > end:
                need = HEADER_BYTES + length
                break
            payload = view[at + HEADER_BYTES : stop]
            payloads.append(payload if length > LARGE else bytes(payload))
            at = stop
        self._have = end - at
        self._need = need
        self._room = room
        if room is not None:
            self._at = at
        elif at < end:
            self._parts = [bytes(view[at:])]
        return payloads

    def room(self) -> memoryview | None:
        """Where the next bytes are to be read; None: it does not matter.

        It is for one read and its feed. Held with it is at most
        `rooms.SHARE` times what has come of the frame, whatever that frame's
        header says.
        """
        room, have = self._room, self._have
        if room is not None and not (
            self._need > LARGE and rooms.is_fitting(room, have)
        ):
            self._leave_room()
            return None
        if room is None or have == len(room):
            if not have or self._need <= LARGE:
                return None
            larger = rooms.take(self._need, have)
            if larger is None:
                return None
            at = 0
            for part in self._parts or () if room is None else (room,):
                larger[at : at + len(part)] = part
                at += len(part)
            if room is not None:
                rooms.give(room)
            self._room = room = larger
            self._parts = None
        elif self._at:
            room[:have] = room[self._at : self._at + have]
        self._at = 0
        return room[have:]

    def _collected(self) -> list[bytes]:
        """The parts of the frame that has begun."""
        if self._room is not None:
            self._leave_room()
        assert self._parts is not None, "a frame has begun"
        return self._parts

    def _leave_room(self) -> None:
        room, at, have = self._room, self._at, self._have
        assert room is not None, "there is one"
        self._parts = [bytes(room[at : at + have])] if have else None
        self._room = None
        rooms.give(room)

    @property
    def pending(self) -> int:
        """Bytes held of an incomplete frame."""
        return self._have

    @property
    def missing(self) -> int:
        """Bytes that a frame lacks which has begun, as far as is known."""
        return self._need - self._have if self._have else 0


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
