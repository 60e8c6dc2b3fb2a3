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
from collections.abc import Callable
from typing import Any

from plugwire.rooms import PACKED_BYTES

READ_BYTES = 256 * 1024
"""Bytes read at most in one go."""
FEW_BYTES = 64 * 1024
"""Bytes read at most where the last read did not bring as many. Room for
more is asked of the system anew for each read, page by page, by C libraries
that give it back at once: from 128 KiB on by default."""
LONGEST = 1e6
"""Seconds that the kernel is asked to wait at most, some eleven days: its
milliseconds have 31 bits. Who may wait longer asks again."""

_AT_ONCE = getattr(socket, "MSG_DONTWAIT", 0)


class Channel:
    """Reads and writes whole or in part, within seconds.

    One thread may read while another writes; `shut` may be called from any,
    and wakes both. What is read, and how much was written, is stored before
    a signal's handler can raise, so that `KeyboardInterrupt` loses nothing.
    `landing` is where the next bytes are read, None for memory of their own.
    Little is read at once until `read_much`.
    """

    __slots__ = ("_can_read", "_can_write", "_few", "_most", "_recv", "_room",
                 "_send", "_sock", "landing")  # fmt: skip

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(True)
        self._sock = sock
        self._recv, self._send = sock.recv, sock.send
        self._few = self._most = self._room = PACKED_BYTES
        self.landing: memoryview | None = None
        # One for each direction: no two threads may use the same.
        self._can_read = _waiting(sock, to_write=False)
        self._can_write = _waiting(sock, to_write=True)

    def read(self, into: deque[Any], seconds: float | None) -> bool:
        """Add what comes within `seconds` (None: at last; 0: now) to `into`,
        b"" at the end of the stream; of what was read to its landing, how
        many bytes that is. False when nothing came. Raises `OSError`."""
        # Asked first, even where it is not to wait: to be told that nothing
        # has come costs less than an exception that says so.
        flags = 0
        if seconds is not None:
            flags = _AT_ONCE
            if not self._can_read(
                seconds * 1000
                if 0.0 <= seconds < LONGEST
                else _milliseconds(seconds)
            ):
                return False
        landing = self.landing
        try:
            if landing is not None:
                receive = self._sock.recv_into
                into.extend(map(receive, (landing,), (0,), (flags,)))
                return True
            into.extend(map(self._recv, (self._room,), (flags,)))
        except BlockingIOError:
            return False
        few = self._few
        self._room = self._most if len(into[-1]) >= few else few
        return True

    def read_much(self) -> None:
        """Read more at once from now on: what comes is no less than what it
        is decoded to."""
        self._few = self._room = FEW_BYTES
        self._most = READ_BYTES

    def write(
        self,
        data: bytes | memoryview,
        seconds: float | None,
        written: list[int],
    ) -> bool:
        """Write what the kernel takes of `data` within `seconds`, and add
        the number of bytes to `written`. False when it took none. Raises
        `OSError`."""
        flags = 0 if seconds is None else _AT_ONCE
        while True:
            # There is room nearly always: one call is enough.
            try:
                written.extend(map(self._send, (data,), (flags,)))
            except BlockingIOError:
                if not seconds or not self._can_write(_milliseconds(seconds)):
                    return False
                seconds = 0.0
            else:
                return True

    def shut(self) -> None:
        """End both directions: whoever reads or writes returns."""
        shut(self._sock)

    def close(self) -> None:
        """Let go of the descriptor; nobody may read or write then."""
        self._sock.close()


def _milliseconds(seconds: float) -> float:
    return min(seconds, LONGEST) * 1000 if seconds > 0 else 0


if sys.platform == "win32":

    def _waiting(
        sock: socket.socket, *, to_write: bool
    ) -> Callable[[float], object]:
        reads, writes = ([], [sock]) if to_write else ([sock], [])

        def wait(milliseconds: float) -> bool:
            return any(select.select(reads, writes, [], milliseconds / 1000))

        return wait

else:

    def _waiting(
        sock: socket.socket, *, to_write: bool
    ) -> Callable[[float], object]:
        """What waits so many milliseconds until `sock` is ready, and says
        whether it is."""
        poll = select.poll()
        poll.register(sock, select.POLLOUT if to_write else select.POLLIN)
        return poll.poll


def shut(sock: socket.socket) -> None:
    """End both directions of `sock`, connected or about to be."""
    # The peer may have ended it already.
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def words(error: OSError) -> str:
    """The system's word for `error`."""
    return os.strerror(error.errno) if error.errno else str(error)
