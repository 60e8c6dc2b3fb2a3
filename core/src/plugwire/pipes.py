"""Two one-way pipes as one asyncio transport.

For transports that are no sockets: named pipes (`plugwire.namedpipes`), a
child's standard input and output. asyncio has a transport for each direction;
a connection needs both in one, with one end. Not on Windows.
"""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import Callable
from io import FileIO
from typing import TypeVar, cast

from plugwire.sockets import SMALL_BUFFER

_Protocol = TypeVar("_Protocol", bound=asyncio.BaseProtocol)
_Bytes = bytes | bytearray | memoryview


async def connect_pipes(
    factory: Callable[[], _Protocol],
    reading: int,
    writing: int,
    *,
    small: bool = False,
) -> tuple[asyncio.Transport, _Protocol]:
    """A connection that reads from one descriptor and writes to another, and
    its protocol, as `loop.create_connection` gives them.

    The descriptors are taken over: they are closed with the transport, and
    when this raises or is cancelled. Both become non-blocking. `small` lets
    no more than `SMALL_BUFFER` bytes be on their way out, where the system
    can do that.
    """
    source, sink = FileIO(reading, "rb"), FileIO(writing, "wb")
    loop = asyncio.get_running_loop()
    whole = None
    try:
        if small and hasattr(fcntl, "F_SETPIPE_SZ"):
            fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, SMALL_BUFFER)
        protocol = factory()
        whole = PipesTransport(loop, protocol)
        await loop.connect_write_pipe(lambda: _Writer(whole), sink)
        await loop.connect_read_pipe(lambda: _Reader(whole), source)
    except BaseException:
        if whole is not None:
            whole.abort()
        source.close()
        sink.close()
        raise
    return whole, protocol


class PipesTransport(asyncio.Transport):
    """Limits, pausing and the end are those of asyncio's socket transports.

    What the peer wrote before it closed is read, though it reads no more;
    only who writes to it then is told by an error.
    """

    _writer: asyncio.WriteTransport
    _reader: asyncio.ReadTransport

    def __init__(
        self, loop: asyncio.AbstractEventLoop, protocol: asyncio.BaseProtocol
    ) -> None:
        super().__init__()
        self._loop = loop
        self._protocol = protocol
        self._is_read = self._is_written = False  # that pipe is over
        self._made = self._closing = self._said_end = self._lost = False
        self._error: Exception | None = None

    # ------------------------------------------------------- beginning, end

    def _begin(self, reader: asyncio.ReadTransport) -> None:
        self._reader = reader
        self._made = True
        self._protocol.connection_made(self)

    def close(self) -> None:
        """Send what was written, then end."""
        if self._closing:
            return
        self._closing = True
        if self._made:
            self._reader.pause_reading()
        if not self._is_written:
            self._writer.close()
        self._loop.call_soon(self._settle)

    def abort(self) -> None:
        """End now; what is still unsent is dropped."""
        self._force(None)

    def is_closing(self) -> bool:
        return self._closing

    def _force(self, error: Exception | None) -> None:
        if self._lost:
            return
        self._closing = True
        self._error = self._error or error
        if hasattr(self, "_writer") and not self._is_written:
            # asyncio's own would end a second time where it has ended, and
            # only not said so yet.
            unsent = self._writer.get_write_buffer_size()
            if unsent or not self._writer.is_closing():
                self._writer.abort()
        if self._made and not self._is_read:
            self._reader.close()
        self._loop.call_soon(self._settle)

    def _settle(self) -> None:
        """Go on with the end, as far as it is known."""
        if not self._closing or not self._is_written or self._lost:
            return
        if self._made and not self._is_read:
            self._reader.close()
            return
        self._lost = True
        if self._made:
            self._protocol.connection_lost(self._error)

    # ------------------------------------------------------------- reading

    def _received(self, data: bytes) -> None:
        if self._closing:
            return
        try:
            if isinstance(self._protocol, asyncio.BufferedProtocol):
                _feed(self._protocol, data)
            else:
                cast("asyncio.Protocol", self._protocol).data_received(data)
        except Exception as error:
            self._fail(error, "receiving")

    def _ended(self) -> None:
        if self._closing:
            return
        protocol = cast("asyncio.Protocol", self._protocol)
        try:
            if not protocol.eof_received():
                self.close()
        except Exception as error:
            self._fail(error, "eof_received")

    def _fail(self, error: Exception, doing: str) -> None:
        """The protocol raised: tell the loop, and end."""
        self._loop.call_exception_handler(
            {
                "message": f"the protocol's {doing} failed",
                "exception": error,
                "transport": self,
                "protocol": self._protocol,
            }
        )
        self._force(error)

    def _reader_lost(self, error: Exception | None) -> None:
        self._is_read = True
        if error is not None:
            self._force(error)
        self._settle()

    def pause_reading(self) -> None:
        """Leave bytes in the pipe; its writer is paused when it is full."""
        if not self._closing:
            self._reader.pause_reading()

    def resume_reading(self) -> None:
        if not self._closing:
            self._reader.resume_reading()

    def is_reading(self) -> bool:
        return not self._closing and self._reader.is_reading()

    # ------------------------------------------------------------- writing

    def write(self, data: _Bytes) -> None:
        """Send `data`, or keep a copy of what the pipe has no room for."""
        if self._said_end:
            raise RuntimeError("cannot write after write_eof()")
        if not data or self._closing:
            return
        if self._is_written:
            self._force(BrokenPipeError("nobody reads the pipe any more"))
            return
        self._writer.write(data)

    def write_eof(self) -> None:
        """Say that nothing more comes, once what was written is sent."""
        if self._closing or self._said_end:
            return
        self._said_end = True
        if not self._is_written:
            self._writer.close()

    def can_write_eof(self) -> bool:
        return True

    def _writer_lost(self, error: Exception | None) -> None:
        self._is_written = True
        if error is not None:
            self._force(error)
        self._settle()

    def get_write_buffer_size(self) -> int:
        """Bytes that the pipe has not taken yet."""
        return self._writer.get_write_buffer_size()

    def get_write_buffer_limits(self) -> tuple[int, int]:
        """(low, high), in bytes."""
        return self._writer.get_write_buffer_limits()

    def set_write_buffer_limits(
        self, high: int | None = None, low: int | None = None
    ) -> None:
        """Pause the writer past `high` unsent bytes; resume it once they are
        out."""
        self._writer.set_write_buffer_limits(high, low)

    # ------------------------------------------------------------ protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol


class _Reader(asyncio.Protocol):
    """What asyncio tells of the pipe that is read from."""

    def __init__(self, whole: PipesTransport) -> None:
        self._whole = whole

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._whole._begin(cast("asyncio.ReadTransport", transport))

    def data_received(self, data: bytes) -> None:
        self._whole._received(data)

    def eof_received(self) -> None:
        self._whole._ended()

    def connection_lost(self, exc: Exception | None) -> None:
        self._whole._reader_lost(exc)


class _Writer(asyncio.BaseProtocol):
    """What asyncio tells of the pipe that is written to."""

    def __init__(self, whole: PipesTransport) -> None:
        self._whole = whole

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._whole._writer = cast("asyncio.WriteTransport", transport)

    def pause_writing(self) -> None:
        self._whole._protocol.pause_writing()

    def resume_writing(self) -> None:
        self._whole._protocol.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._whole._writer_lost(exc)


def _feed(protocol: asyncio.BufferedProtocol, data: bytes) -> None:
    """Hand `data` over in as many pieces as the protocol has room for."""
    rest = memoryview(data)
    while rest:
        room = memoryview(protocol.get_buffer(len(rest))).cast("B")
        if not room:
            raise RuntimeError("get_buffer() returned an empty buffer")
        size = min(len(room), len(rest))
        room[:size] = rest[:size]
        protocol.buffer_updated(size)
        rest = rest[size:]
