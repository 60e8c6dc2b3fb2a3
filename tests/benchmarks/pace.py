"""Publishing at a rate, and telling slow phases of the machine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable

from benchmarks.record import Data

LOOP = 200_000
"""Turns of the fixed loop: some 10 ms."""


def paced(
    content: Iterable[Data],
    rate: float,
    push: Callable[[Data], object],
    sent: list[int],
) -> None:
    """Push at `rate` a second, by an absolute schedule; the moments before
    each are appended to `sent` (nanoseconds, monotonic)."""
    start, now = time.monotonic(), time.monotonic_ns
    for number, item in enumerate(content):
        ahead = start + number / rate - time.monotonic()
        if ahead > 0:
            time.sleep(ahead)
        sent.append(now())
        push(item)


async def paced_async(
    content: Iterable[Data],
    rate: float,
    push: Callable[[Data], Awaitable[object]],
    sent: list[int],
) -> None:
    """The same in a loop."""
    start, now = time.monotonic(), time.monotonic_ns
    for number, item in enumerate(content):
        ahead = start + number / rate - time.monotonic()
        await asyncio.sleep(max(0.0, ahead))
        sent.append(now())
        await push(item)


def speed() -> float:
    """Seconds that a fixed loop takes at this moment."""
    began = time.perf_counter()
    total = 0
    for number in range(LOOP):
        total += number & 7
    return time.perf_counter() - began
