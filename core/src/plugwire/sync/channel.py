"""A connected socket with a time-out for each direction.

`socket.settimeout` sets one for both. The kernel's own (`SO_RCVTIMEO`) begin
anew with each signal that is handled, so that a program with a timer would
wait for ever; a poll goes on with what is left.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import sys
from collections import deque

READ_BYTES = 256 * 1024
"""Bytes read at most in one go."""
LONGEST = 1e6
"""Seconds that the kernel is asked to wait at most, some eleven days: its
milliseconds have 31 bits. Who may wait longer asks again."""

_AT_ONCE = getattr(socket, "MSG_DONTWAIT", 0)


class Channel:
    """Reads and writes whole or in part, within seconds.

    One thread may read while another writes; `shut` may be called from any,
    and wakes both. What is read, and how much was written, is stored before
    a signal's handler can raise, so that `KeyboardInterrupt` loses nothing.
    """

    __slots__ = ("_readable", "_sock", "_writable")

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(True)
        self._sock = sock
        if sys.platform != "win32":
            # One for each direction: no two threads may use the same.
            self._readable = select.poll()
            self._readable.register(sock, select.POLLIN)
            self._writable = select.poll()
            self._writable.register(sock, select.POLLOUT)

    def read(self, into: deque[bytes], seconds: float | None) -> bool:
        """Add what comes within `seconds` (None: at last; 0: now) to `into`,
        b"" at the end of the stream. False when nothing came. Raises
        `OSError`."""
        if seconds is not None and not self._can_read(seconds):
            return False
        flags = 0 if seconds is None else _AT_ONCE
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
        if seconds is None:
            written.extend(map(self._sock.send, (data,)))
            return True
        # There is room nearly always, and one call is enough.
        for patience in (0.0, seconds):
            if self._can_write(patience):
                with contextlib.suppress(BlockingIOError):
                    written.extend(map(self._sock.send, (data,), (_AT_ONCE,)))
                    return True
        return False

    if sys.platform == "win32":

        def _can_read(self, seconds: float) -> bool:
            wait = min(max(seconds, 0.0), LONGEST)
            return bool(select.select([self._sock], [], [], wait)[0])

        def _can_write(self, seconds: float) -> bool:
            wait = min(max(seconds, 0.0), LONGEST)
            return bool(select.select([], [self._sock], [], wait)[1])

    else:

        def _can_read(self, seconds: float) -> bool:
            """Whether reading is worth a try; False after `seconds`."""
            return seconds <= 0 or bool(
                self._readable.poll(min(seconds, LONGEST) * 1000)
            )

        def _can_write(self, seconds: float) -> bool:
            """Whether writing is worth a try; False after `seconds`."""
            return seconds <= 0 or bool(
                self._writable.poll(min(seconds, LONGEST) * 1000)
            )

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
