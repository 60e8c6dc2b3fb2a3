"""How much memory is held, as Python tells and as the kernel does."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STATM = Path("/proc/self/statm")


class Held:
    """How much was held at most, in bytes."""

    peak = 0


@contextmanager
def held() -> Iterator[Held]:
    """Tells what the block held at most, beyond what was there before."""
    was_on = tracemalloc.is_tracing()
    if not was_on:
        tracemalloc.start()
    found = Held()
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    try:
        yield found
    finally:
        found.peak = tracemalloc.get_traced_memory()[1] - before
        if not was_on:
            tracemalloc.stop()


def resident() -> int:
    """The memory of this process in bytes, in the kernel's word, where
    there is `STATM`."""
    pages = int(STATM.read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
