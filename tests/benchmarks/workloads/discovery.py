"""Finding what is installed, among two hundred distributions."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from benchmarks.peers.base import Peer
from benchmarks.record import Fault
from benchmarks.workloads.base import NO_FAULT, Found
from benchmarks.workloads.startup import Spawning, middle, spawned

DISTRIBUTIONS = 200
OURS_EACH = 20
"""Of so many one brings a plugin."""
DESCRIPTION = "A line of the long description, which nobody reads here.\n" * 80
"""Some 4 KiB, as most have."""
TIMED = """\
import sys, time
sys.path.insert(0, sys.argv[1])
{prepare}
began = time.perf_counter_ns()
found = {call}
taken = time.perf_counter_ns() - began
print(taken / 1e6, sum("acme_" in one.value for one in {each}))
"""
CALLS = MappingProxyType(
    {
        "bare": TIMED.format(
            prepare="from importlib.metadata import entry_points",
            call="entry_points()",
            each="(e for g in found.groups for e in found.select(group=g))",
        ),
        "plugwire": TIMED.format(
            prepare="from plugwire.plugins import installed",
            call="installed()",
            each="found",
        ),
    }
)
"""Both in a fresh process, whose imports are done: the first call."""


def install(site: Path) -> None:
    """Put the distributions there; each has something to look at."""
    for number in range(DISTRIBUTIONS):
        info = site / f"acme_{number}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: acme-{number}\nVersion: 1.0\n"
            f"Requires-Dist: plugwire>=0.1\n\n{DESCRIPTION}"
        )
        (info / "RECORD").write_text(f"acme_{number}.py,,\n" * 50)
        points = f"[console_scripts]\nacme_{number} = acme_{number}:main\n"
        if number % OURS_EACH == 0:
            points += f"[plugwire.codecs]\nacme{number} = acme_{number}:Acme\n"
        (info / "entry_points.txt").write_text(points)


class Discovery(Spawning):
    """`plugwire.plugins.installed()` beside one bare `entry_points()` call,
    in turns; a run's ratio is that of the medians."""

    kind = "discovery"
    about = f"what is installed, among {DISTRIBUTIONS} distributions"
    figures: Mapping[str, str] = MappingProxyType(
        {"ratio": "x", "plugwire": "ms", "bare": "ms"}
    )

    def peers(self, peers: list[Peer]) -> list[Peer]:
        return [peer for peer in peers if peer.name == "plugwire"]

    def run(self, peer: str, fault: Fault = NO_FAULT) -> Found:
        times: dict[str, list[float]] = {name: [] for name in CALLS}
        seen: dict[str, set[int]] = {name: set() for name in CALLS}
        with tempfile.TemporaryDirectory(prefix="pw-") as folder:
            site = Path(folder)
            install(site)
            for _ in range(self.processes):
                for name, program in CALLS.items():
                    command = [sys.executable, "-c", program, str(site)]
                    _, printed = spawned(command, site)
                    taken, count = printed.split()
                    times[name].append(float(taken))
                    seen[name].add(int(count))
        plugins = DISTRIBUTIONS // OURS_EACH
        right = {"bare": {DISTRIBUTIONS + plugins}, "plugwire": {plugins}}
        found = {name: middle(taken) for name, taken in times.items()}
        found["ratio"] = found["plugwire"] / found["bare"]
        return Found(found, wrong=int(seen != right))
