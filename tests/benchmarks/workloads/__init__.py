"""The workloads, in three sizes: `full`, `quick` (minutes), `smoke`
(seconds: does everything run?)."""

from __future__ import annotations

from benchmarks.workloads.base import Workload
from benchmarks.workloads.discovery import Discovery
from benchmarks.workloads.growth import Permissions, Sessions, Stalled
from benchmarks.workloads.idle import Idle
from benchmarks.workloads.paced import Paced
from benchmarks.workloads.price import Price
from benchmarks.workloads.publishing import (
    awaited,
    bulk,
    fanout,
    growth,
    stream,
)
from benchmarks.workloads.roundtrip import RoundTrip
from benchmarks.workloads.startup import Cold, Startup

PARTS = {"full": 1, "quick": 4, "smoke": 1000}
"""What the counts are divided by."""
FEWEST = 5
"""Messages of a run at least."""
GROUPS = {
    "w1": ("fanout", "awaited"),
    "w2": ("stream", "bulk"),
    "w3": ("roundtrip",),
    "w4": ("paced",),
    "w5": ("idle",),
    "w6": ("startup", "cold", "discovery"),
    "growth": ("growth", "sessions", "stalled", "permissions"),
    "price": ("price", "instructions"),
}
"""Words that stand for several workloads, by how their names begin."""


def workloads(size: str = "full", part: int = 0) -> list[Workload]:
    """All of them, with one in `part` of the messages; 0: as many as are
    usual for the size."""
    part = part or PARTS[size]
    is_smoke, is_full = size == "smoke", size == "full"

    def some(count: int) -> int:
        return max(FEWEST, count // part)

    many = 4 if is_smoke else 1000
    idle = 20 if is_smoke else 2000
    # Long past full outboxes, whatever the size of the run.
    stalled, said = (2, FEWEST) if is_smoke else (20, 20_000)
    processes = 1 if is_smoke else 7
    found: list[Workload] = [
        fanout(1, some(100_000)),
        fanout(2 if is_smoke else 100, some(4_000)),
        awaited(1, some(20_000)),
        stream(some(100_000)),
        bulk(64 << 10, some(8_000)),
        bulk(1 << 20, some(600)),
        RoundTrip(sync=True, pinned=True, count=some(6_000)),
        RoundTrip(sync=False, pinned=True, count=some(6_000)),
        Paced(1000.0, 4 if is_smoke else 50, some(4_000)),
        Idle(f"idle-{idle}", idle),
        Startup("startup", processes),
        Cold("cold", processes),
        Discovery("discovery", processes),
        Sessions(2 if is_smoke else 10, 2 if is_smoke else 10, some(8_000)),
        Sessions(2 if is_smoke else 10, many, some(8_000)),
        Stalled("stalled", stalled, said),
        Stalled("stalled-long", stalled, 4 * said),
        Permissions(0, some(4_000)),
        Permissions(100, some(4_000)),
        Price("price", some(40_000)),
    ]
    if not is_smoke:
        found += [
            fanout(10, some(30_000)),
            fanout(1000, some(600)),
            awaited(10, some(8_000)),
            awaited(100, some(800)),
            growth("growth-10-long", 10, some(120_000)),
            RoundTrip(sync=True, pinned=False, count=some(6_000)),
            RoundTrip(sync=False, pinned=False, count=some(6_000)),
            Sessions(10, 100, some(8_000)),
            Permissions(10, some(4_000)),
        ]
    if is_full:
        found += [
            Paced(10.0, 50, 50),
            Idle("idle-10000", 10_000, wave=250),
            growth("growth-10000", 10_000, 100),
            Price("instructions", 2_000, instructions=True),
        ]
    kinds = [start for starts in GROUPS.values() for start in starts]

    def place(workload: Workload) -> tuple[int, int]:
        fit = (
            at
            for at, kind in enumerate(kinds)
            if workload.name.startswith(kind)
        )
        return next(fit), workload.clients

    return sorted(found, key=place)


def chosen(words: list[str], size: str, part: int = 0) -> list[Workload]:
    """Those that one of `words` is the name of, or `named` (see there), or
    that it stands for; all for none."""
    there = {workload.name: workload for workload in workloads(size, part)}
    starts = []
    for word in words:
        if word in GROUPS:  # not every size has all of them
            starts += [
                start
                for start in GROUPS[word]
                if any(name.startswith(start) for name in there)
            ]
        else:
            starts.append(word)
    return [there[name] for name in named(starts, list(there))]


def named(words: list[str], names: list[str]) -> list[str]:
    """Those of `names` that begin with one of `words`, or are it where the
    word is written `=name`; all for no words, and an end for a wrong one."""
    found = set() if words else set(names)
    for word in words:
        fit = {
            name
            for name in names
            if "=" + name == word or name.startswith(word)
        }
        if not fit:
            raise SystemExit(
                f"nothing begins with {word!r}; there are {', '.join(names)}"
            )
        found |= fit
    return [name for name in names if name in found]
