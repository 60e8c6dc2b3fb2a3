"""A connected socket with a time-out for each direction.

`socket.settimeout` sets one for both, and polls before each call. The
kernel's own time-outs cost no call of their own, and let one thread read
with a time-out while another writes with its own.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import struct
import sys
from collections import deque

READ_BYTES = 256 * 1024
"""Bytes read at most in one go."""
LONGEST = 1e8
"""Seconds that the kernel is asked to wait at most, some three years: a
larger number would not fit, and stands for ever as well."""


class Channel:
    """Reads and writes whole or in part, within seconds.

    One thread may read while another writes; `shut` may be called from any,
    and wakes both. What is read, and how much was written, is stored before
    a signal's handler can raise, so that `KeyboardInterrupt` loses nothing.
    """

    __slots__ = ("_options", "_sock")

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(True)
        self._sock = sock
        self._options: dict[int, float | None] = {
            socket.SO_RCVTIMEO: None,
            socket.SO_SNDTIMEO: None,
        }

    def read(self, into: deque[bytes], seconds: float | None) -> bool:
        """Add what comes within `seconds` (None: at last; 0: now) to `into`,
        b"" at the end of the stream. False when nothing came. Raises
        `OSError`."""
        flags = self._patience(socket.SO_RCVTIMEO, seconds)
        if flags is None:
            return False
        try:
            into.extend(map(self._sock.recv, (READ_BYTES,), (flags,)))
        except BlockingIOError:
            return False
        return True

    def write(
        self, data: memoryview, seconds: float | None, written: list[int]
    ) -> bool:
        """Write what the kernel takes of `data` within `seconds`, and add
        the number of bytes to `written`. False when it took none. Raises
        `OSError`."""
        flags = self._patience(socket.SO_SNDTIMEO, seconds)
        if flags is None:
            return False
        try:
            written.extend(map(self._sock.send, (data,), (flags,)))
        except BlockingIOError:
            return False
        return True

    if sys.platform == "win32":
        # After a time-out of the kernel's, Windows says, a socket is not to
        # be used any more.
        def _patience(self, option: int, seconds: float | None) -> int | None:
            own = [self._sock]
            reading = option == socket.SO_RCVTIMEO
            if seconds is not None:
                seconds = max(seconds, 0)
            ready = select.select(
                own if reading else [], [] if reading else own, [], seconds
            )
            return 0 if any(ready) else None

    else:

        def _patience(self, option: int, seconds: float | None) -> int | None:
            """The flags for a call that waits so long."""
            if seconds is not None and seconds <= 0:
                return socket.MSG_DONTWAIT
            if seconds != self._options[option]:
                left = min(seconds or 0.0, LONGEST)
                # None is the kernel's 0, and no wait is shorter than 1 us.
                micros = 0 if seconds is None else max(int(left * 1e6), 1)
                self._sock.setsockopt(
                    socket.SOL_SOCKET,
                    option,
                    struct.pack("@ll", *divmod(micros, 1_000_000)),
                )
                self._options[option] = seconds
            return 0

    def shut(self) -> None:
        """End both directions: whoever reads or writes returns."""
        shut(self._sock)

    def close(self) -> None:
        """Let go of the descriptor; nobody may read or write then."""
        self._sock.close()


def shut(sock: socket.socket) -> None:
    """End both directions of `sock`, connected or about to be."""
    # The peer may have ended it already.
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def words(error: OSError) -> str:
    """The system's word for `error`."""
    return os.strerror(error.errno) if error.errno else str(error)
