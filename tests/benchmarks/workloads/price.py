"""The price of plug-ins, and of features that are off.

In nanoseconds in one process or, where valgrind is, in instructions, which
a noisy machine does not change.
"""

from __future__ import annotations

import re
import shutil
import sys
from subprocess import run

from benchmarks.inprocess import VARIANTS
from benchmarks.peers.base import Peer
from benchmarks.processes import RunFailed, environment
from benchmarks.record import Fault
from benchmarks.workloads.base import NO_FAULT, Found, Workload

PATIENCE = 600.0
"""Seconds: under callgrind all is some fifty times as slow."""
PASSES = 3
"""Processes of each variant in a run, taking turns."""
WARM = 10
"""Messages of a process that is not counted."""
COLLECTED = re.compile(r"Collected : (\d+)")


class Price(Workload):
    """Each variant against what is composed from the bare configuration."""

    kind = "price"

    def __init__(
        self, name: str, count: int, *, instructions: bool = False
    ) -> None:
        super().__init__(name)
        unit = "instructions/message" if instructions else "ns/message"
        self.about = f"plugwire's path in one process, {unit}"
        self.count = count
        if instructions:
            self.rounds = 1
        self.instructions = instructions
        self.figures = dict.fromkeys(VARIANTS, unit)

    def peers(self, peers: list[Peer]) -> list[Peer]:
        if self.instructions and shutil.which("valgrind") is None:
            return []
        return [peer for peer in peers if peer.name == "plugwire"]

    def run(self, peer: str, fault: Fault = NO_FAULT) -> Found:
        one = self._instructions if self.instructions else self._nanoseconds
        passes = 1 if self.instructions else PASSES
        found: dict[str, list[float]] = {variant: [] for variant in VARIANTS}
        for _ in range(passes):
            for variant, values in found.items():
                values.append(one(variant))
        # Whatever disturbs a process makes it slower, never faster.
        return Found({name: min(values) for name, values in found.items()})

    def _nanoseconds(self, variant: str) -> float:
        return float(_output(_command(variant, self.count))[0])

    def _instructions(self, variant: str) -> float:
        """What twice as many messages cost more. What the first process
        alone does, compiling a module say, is done before."""
        _output(_command(variant, WARM))
        counts = []
        for count in (self.count, 2 * self.count):
            tool = ["valgrind", "--tool=callgrind",
                    "--callgrind-out-file=/dev/null"]  # fmt: skip
            _, errors = _output(tool + _command(variant, count))
            match = COLLECTED.search(errors)
            if match is None:
                raise RunFailed(f"callgrind counted nothing: {errors[-200:]}")
            counts.append(int(match.group(1)))
        return (counts[1] - counts[0]) / self.count


def _command(variant: str, count: int) -> list[str]:
    return [sys.executable, "-m", "benchmarks.inprocess", variant, str(count)]


def _output(command: list[str]) -> tuple[str, str]:
    ended = run(
        command, capture_output=True, text=True, timeout=PATIENCE,
        env=environment(), check=False,
    )  # fmt: skip
    if ended.returncode:
        lines = ended.stderr.strip().splitlines() or ["no words"]
        raise RunFailed(f"{command[-2]}: {lines[-1]:.200}")
    return ended.stdout, ended.stderr
