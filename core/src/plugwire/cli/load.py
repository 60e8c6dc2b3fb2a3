"""This machine's load, at a steady beat."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

FIRST = 0.1
"""Seconds before the first sample, at most: the CPU's share is measured
between two looks, and psutil wants at least so much between them."""


async def beats(
    every: float, now: Callable[[], float] = time.monotonic
) -> AsyncIterator[float]:
    """Seconds of the monotonic clock, `every` so many, without drift: what
    the work between two takes does not move the third. Those that were
    missed, on a machine that slept, are left out."""
    due = now() + min(every, FIRST)
    while True:
        await asyncio.sleep(max(0.0, due - now()))
        yield due
        behind = max(0.0, now() - due)
        due += every * (1 + behind // every)


class Machine:
    """Samples of this machine. Imports psutil."""

    def __init__(self) -> None:
        import psutil

        self._psutil = psutil
        psutil.cpu_percent()

    def sample(self) -> dict[str, Any]:
        """Load averages, percentages since the last sample, and bytes."""
        memory = self._psutil.virtual_memory()
        load_1, load_5, load_15 = self._psutil.getloadavg()
        return {
            "load_1": round(load_1, 2),
            "load_5": round(load_5, 2),
            "load_15": round(load_15, 2),
            "cpu_percent": self._psutil.cpu_percent(),
            "cpu_count": self._psutil.cpu_count(),
            "memory_percent": memory.percent,
            "memory_used": memory.used,
            "memory_total": memory.total,
            "swap_percent": self._psutil.swap_memory().percent,
        }
