"""Memory that large frames are read into, so that they need no copy; no I/O.

A thread keeps one spare room: memory of this size comes from the system page
by page, which takes longer than to fill it. A room is never larger than a few
times what it holds of an incomplete frame, spare or not: a header alone, be
it that of the largest frame, is given none.
"""

from __future__ import annotations

import threading

AHEAD_BYTES = 256 * 1024
"""Bytes of room behind a frame, for those that follow it."""
FEW_BYTES = 16 * 1024
"""Bytes that a room is not worth while for: copying them takes no longer."""
PACKED_BYTES = FEW_BYTES
"""Bytes read at most in one go for a decoder that makes more bytes of them:
64 times as many, say, are a mebibyte. As large a read as others have would
come to sixteen, and hold up for a second whoever else is waiting."""
SHARE = 8
"""A room is at most so many times as large as what it holds."""
SPARE_BYTES = 2 * 1024 * 1024
"""Bytes of a spare room at most."""

KEPT_BYTES = 4 * 1024 * 1024
"""Bytes of the block by which `keep_memory` says what is to be kept."""


class _Local(threading.local):
    spare: memoryview | None = None


_local = _Local()
_is_kept = False


def keep_memory() -> None:
    """Have the C library keep what large frames take and leave, from the
    first one of this process on.

    glibc gives large blocks back to the system at once, and to be given them
    anew, page by page, takes several times as long as all else that is done
    with them. What it takes for large follows the largest block that was
    given back: this one, which is never touched. It then keeps twice as much
    of free memory at most. Elsewhere this does nothing.
    """
    global _is_kept
    if not _is_kept:
        _is_kept = True
        bytes(KEPT_BYTES)


def take(need: int, have: int) -> memoryview | None:
    """A room for a frame of `need` bytes, the first `have` of which are
    there; it may be too small for the whole. None: not yet."""
    if have < FEW_BYTES:
        return None
    most = have * SHARE
    size = min(need + AHEAD_BYTES, most)
    spare = _local.spare
    if spare is not None:
        if size <= len(spare) <= most:
            _local.spare = None
            return spare
        if len(spare) > most and have < AHEAD_BYTES:
            return None  # the spare one will do, a read or two later
    keep_memory()
    return memoryview(bytearray(size))


def give(room: memoryview) -> None:
    """Take `room` back: it may be this thread's spare one. What it holds is
    good until somebody takes it."""
    spare = _local.spare
    if len(room) <= SPARE_BYTES and (spare is None or len(spare) < len(room)):
        _local.spare = room


def is_fitting(room: memoryview, have: int) -> bool:
    """Whether `room` is not too large for the `have` bytes in it."""
    return have >= FEW_BYTES and len(room) <= have * SHARE
