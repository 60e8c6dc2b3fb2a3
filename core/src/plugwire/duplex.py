"""Two asyncio transports back to back: a connection without a socket.

What a protocol sees is what it would see on a Unix socket: the same calls
in the same order, the same backpressure, the same end. Each direction is a
`_Pipe`, which stands for the kernel's socket buffer. The ends may belong to
loops in different threads; everything that both touch is under one lock, and
one end calls the other's protocol never, but wakes it, at most once until
that other has had its turn.
"""

from __future__ import annotations

import asyncio
import contextvars
import errno
import os
import threading
from collections import deque
from contextlib import AbstractContextManager
from typing import cast

PIPE_BYTES = 208 * 1024
"""Bytes that are on their way in one direction at most: what Linux gives a
Unix socket (`net.core.wmem_default`), so that a program meets the same
backpressure in memory as there."""

HIGH_WATER = 64 * 1024
"""Bytes unsent past which the writer is paused by default, as asyncio has
it."""

Bytes = bytes | bytearray | memoryview


class _Pipe:
    """One direction: bytes on their way, and how they end.

    `ended`: the writer will add nothing. `reset`: it left without having
    read all. `shut`: the reader has gone. The pair's lock is held for all
    that is done to it.
    """

    __slots__ = ("capacity", "data", "ended", "reset", "shut")

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.data = bytearray()
        self.ended = False
        self.reset = False
        self.shut = False

    def put(self, view: memoryview) -> int:
        """Take in what there is room for; returns how many bytes."""
        if self.shut:
            raise _os_error(errno.EPIPE)
        taken = min(len(view), self.capacity - len(self.data))
        self.data += view[:taken]
        return taken

    def take(self, limit: int) -> bytes:
        """Up to `limit` bytes; empty at the end of the stream."""
        if len(self.data) <= limit:
            data = bytes(self.data)
            self.data.clear()
            return data
        data = bytes(self.data[:limit])
        del self.data[:limit]
        return data

    @property
    def broken(self) -> bool:
        """Whether a reset is what comes next."""
        return self.reset and not self.data

    @property
    def readable(self) -> bool:
        return bool(self.data) or self.ended

    @property
    def writable(self) -> bool:
        """Whether a writer that waits is worth waking: three quarters are
        free, as Linux has it for Unix sockets."""
        return self.shut or len(self.data) * 4 <= self.capacity


class DuplexTransport(asyncio.Transport):
    """One end of a pair. It belongs to one loop, whose thread calls it.

    `begin` starts it. Limits, pausing and the end are those of asyncio's
    socket transports. `pair` makes two.
    """

    _peer: DuplexTransport

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        lock: AbstractContextManager[bool],
        inward: _Pipe,
        outward: _Pipe,
    ) -> None:
        super().__init__()
        self._loop = loop
        self._lock = lock
        self._in = inward
        self._out = outward
        self._protocol: asyncio.BaseProtocol | None = None
        self._context: contextvars.Context | None = None
        self._backlog: deque[memoryview] = deque()
        self._unsent = 0
        self._high, self._low = HIGH_WATER, HIGH_WATER // 4
        self._told_to_pause = False
        self._reading = False  # shared: wants to hear of bytes
        self._woken = False  # shared: a turn is scheduled
        self._released = False  # shared: what a closed socket is
        self._paused = False
        self._heard_end = False
        self._said_end = False
        self._closing = False
        self._losing = False  # connection_lost is due or done

    def __repr__(self) -> str:
        state = "closing" if self._closing else "open"
        return f"<{type(self).__name__} {state} unsent={self._unsent}>"

    # ------------------------------------------------------- beginning, end

    def begin(self, protocol: asyncio.BaseProtocol) -> None:
        """Call `connection_made`, then read. What it raises goes to the
        caller, and the connection is closed."""
        self._protocol = protocol
        self._context = contextvars.copy_context()
        try:
            protocol.connection_made(self)
        except BaseException:
            self.reject()
            raise
        self._listen(not self._paused and not self._closing)

    def reject(self) -> None:
        """Reset the connection without a word to a protocol."""
        self._closing = self._losing = True
        self._release(reset=True)

    def close(self) -> None:
        """Send what was written, then end."""
        if self._closing:
            return
        self._closing = True
        self._listen(False)
        if not self._backlog:
            self._lose(None)

    def abort(self) -> None:
        """End now; what is still unsent is dropped."""
        self._force_close(None)

    def is_closing(self) -> bool:
        return self._closing

    def _force_close(self, error: BaseException | None) -> None:
        if self._losing:
            return
        self._backlog.clear()
        self._unsent = 0
        self._closing = True
        self._listen(False)
        self._lose(error)

    def _lose(self, error: BaseException | None) -> None:
        self._losing = True
        try:
            self._loop.call_soon(self._lost, error, context=self._context)
        except RuntimeError:
            if not self._loop.is_closed():
                raise
            self._release()

    def _lost(self, error: BaseException | None) -> None:
        protocol, self._protocol = self._protocol, None
        try:
            if protocol is not None:
                protocol.connection_lost(cast("Exception | None", error))
        finally:
            self._release()

    def _release(self, *, reset: bool = False) -> None:
        """What closing the socket is: the peer reads what is on its way,
        then the end, or a reset when something was left unread here."""
        with self._lock:
            if self._released:
                return
            self._released = True
            self._out.reset = reset or bool(self._in.data)
            self._out.ended = True
            self._in.shut = True
            self._in.data.clear()
        self._peer._wake()

    def _fail(self, error: BaseException, doing: str) -> None:
        """The protocol raised: tell the loop, and end."""
        self._loop.call_exception_handler(
            {
                "message": f"the protocol's {doing} failed",
                "exception": error,
                "transport": self,
                "protocol": self._protocol,
            }
        )
        self._force_close(error)

    # --------------------------------------------------------------- turns

    def _wake(self) -> None:
        """Have a turn when there is something to do. From any thread."""
        with self._lock:
            if self._woken or self._released:
                return
            readable = self._reading and self._in.readable
            if not readable and not (self._backlog and self._out.writable):
                return
            self._woken = True
        same = self._loop is self._peer._loop
        soon = (
            self._loop.call_soon if same else self._loop.call_soon_threadsafe
        )
        try:
            soon(self._turn, context=self._context)
        except RuntimeError:
            if not self._loop.is_closed():
                raise
            self._release()  # nobody is left to read: a dead peer

    def _turn(self) -> None:
        with self._lock:
            self._woken = False
        if self._reading and self._in.readable:
            self._read()
        if self._backlog:
            self._write()
        self._wake()

    # ------------------------------------------------------------- reading

    def _read(self) -> None:
        with self._lock:
            broken = self._in.broken
        if broken:
            self._force_close(_os_error(errno.ECONNRESET))
            return
        protocol = cast("asyncio.Protocol", self._protocol)
        doing = "receiving"
        try:
            if isinstance(protocol, asyncio.BufferedProtocol):
                size = self._read_into(protocol)
            else:
                data = self._take(PIPE_BYTES)
                if size := len(data):
                    protocol.data_received(data)
            if not size:
                doing = "eof_received"
                self._read_end(protocol)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            self._fail(error, doing)

    def _read_into(self, protocol: asyncio.BufferedProtocol) -> int:
        with memoryview(protocol.get_buffer(-1)) as room:
            if not room.nbytes:
                raise RuntimeError("get_buffer() returned an empty buffer")
            with room.cast("B") as flat:
                data = self._take(room.nbytes)
                flat[: len(data)] = data
        if data:
            protocol.buffer_updated(len(data))
        return len(data)

    def _read_end(
        self, protocol: asyncio.Protocol | asyncio.BufferedProtocol
    ) -> None:
        self._heard_end = True
        self._listen(False)
        if not protocol.eof_received():
            self.close()

    def _take(self, limit: int) -> bytes:
        with self._lock:
            data = self._in.take(limit)
        self._peer._wake()
        return data

    def _listen(self, on: bool) -> None:
        with self._lock:
            self._reading = on and not self._heard_end
        if on:
            self._wake()

    def pause_reading(self) -> None:
        """Leave bytes on their way; the peer is paused when those are
        many."""
        if self._closing or self._paused:
            return
        self._paused = True
        self._listen(False)

    def resume_reading(self) -> None:
        if self._closing or not self._paused:
            return
        self._paused = False
        self._listen(True)

    def is_reading(self) -> bool:
        return not self._closing and not self._paused

    # ------------------------------------------------------------- writing

    def write(self, data: Bytes) -> None:
        """Send `data`, or keep a copy of what the pipe has no room for."""
        if not isinstance(data, bytes | bytearray | memoryview):
            raise TypeError(
                "data must be bytes, bytearray or memoryview, not "
                f"{type(data).__name__}"
            )
        if self._said_end:
            raise RuntimeError("cannot write after write_eof()")
        if not data or self._losing:
            return
        rest = memoryview(data).cast("B")
        if not self._backlog:
            taken = self._put(rest)
            if taken is None or taken == len(rest):
                return
            rest = rest[taken:]
        if not isinstance(data, bytes):
            rest = memoryview(bytes(rest))
        self._backlog.append(rest)
        self._unsent += len(rest)
        self._wake()  # the peer may have made room in between
        self._pause_writer()

    def _put(self, view: memoryview) -> int | None:
        """How much the pipe took; None when the peer has gone."""
        try:
            with self._lock:
                taken = self._out.put(view)
        except BrokenPipeError as error:
            self._force_close(error)
            return None
        if taken:
            self._peer._wake()
        return taken

    def _write(self) -> None:
        while self._backlog:
            first = self._backlog[0]
            taken = self._put(first)
            if taken is None:
                return
            self._unsent -= taken
            if taken < len(first):
                self._backlog[0] = first[taken:]
                break
            self._backlog.popleft()
        self._resume_writer()
        if self._backlog:
            return
        if self._closing:
            self._losing = True
            self._lost(None)
        elif self._said_end:
            self._send_end()

    def write_eof(self) -> None:
        """Say that nothing more comes, once what was written is sent."""
        if self._closing or self._said_end:
            return
        self._said_end = True
        if not self._backlog:
            self._send_end()

    def _send_end(self) -> None:
        with self._lock:
            self._out.ended = True
        self._peer._wake()

    def can_write_eof(self) -> bool:
        return True

    # -------------------------------------------------------- flow control

    def get_write_buffer_size(self) -> int:
        """Bytes that the pipe has not taken yet."""
        return self._unsent

    def get_write_buffer_limits(self) -> tuple[int, int]:
        """(low, high), in bytes."""
        return self._low, self._high

    def set_write_buffer_limits(
        self, high: int | None = None, low: int | None = None
    ) -> None:
        """Pause the writer past `high` unsent bytes, resume it at `low`."""
        if high is None:
            high = HIGH_WATER if low is None else 4 * low
        if low is None:
            low = high // 4
        if not high >= low >= 0:
            raise ValueError(f"expected high {high} >= low {low} >= 0")
        self._high, self._low = high, low
        self._pause_writer()

    def _pause_writer(self) -> None:
        if self._unsent > self._high and not self._told_to_pause:
            self._told_to_pause = True
            self._tell_writer("pause_writing")

    def _resume_writer(self) -> None:
        if self._told_to_pause and self._unsent <= self._low:
            self._told_to_pause = False
            self._tell_writer("resume_writing")

    def _tell_writer(self, what: str) -> None:
        try:
            getattr(self._protocol, what)()
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            self._loop.call_exception_handler(
                {
                    "message": f"the protocol's {what} failed",
                    "exception": error,
                    "transport": self,
                    "protocol": self._protocol,
                }
            )

    # ------------------------------------------------------------ protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        """The protocol; None once the connection is lost, as asyncio has
        it."""
        return self._protocol  # type: ignore[return-value]


def pair(
    one: asyncio.AbstractEventLoop,
    other: asyncio.AbstractEventLoop,
    *,
    to_one: int = PIPE_BYTES,
    to_other: int = PIPE_BYTES,
) -> tuple[DuplexTransport, DuplexTransport]:
    """Two connected ends, for these loops; neither has begun.

    `to_one` and `to_other` are how many bytes may be on their way to each.
    """
    # Reentrant, since a finaliser that the collector runs in here, a
    # StreamWriter's say, may close one of these very ends.
    lock = threading.RLock()
    inward, outward = _Pipe(to_one), _Pipe(to_other)
    near = DuplexTransport(one, lock, inward, outward)
    far = DuplexTransport(other, lock, outward, inward)
    near._peer, far._peer = far, near
    return near, far


def _os_error(number: int) -> OSError:
    """The error of the class that belongs to `number`."""
    return OSError(number, os.strerror(number))
