"""The buffer that connections read into: one a thread, for all of them.

A loop calls `get_buffer`, reads and calls `buffer_updated` in one go, and
what was read is copied at its exact size then, so that no connection needs a
buffer of its own. Of much only what is kept is copied, by decoders that know
how; the rest of a large message is read into a room of theirs.
"""

from __future__ import annotations

import threading

from plugwire.rooms import PACKED_BYTES

READ_BYTES = 256 * 1024
"""Bytes read at most in one go."""


class _Local(threading.local):
    def __init__(self) -> None:
        self.buffer = memoryview(bytearray(READ_BYTES))
        self.little = self.buffer[:PACKED_BYTES]


_local = _Local()


def read_buffer() -> memoryview:
    """This thread's buffer."""
    return _local.buffer


def little_buffer() -> memoryview:
    """The beginning of it, for a peer of which little is read at once."""
    return _local.little
