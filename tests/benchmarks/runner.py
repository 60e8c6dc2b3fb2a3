"""Runs the workloads: peers side by side, round by round."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

from benchmarks.pace import speed
from benchmarks.peers.base import Peer
from benchmarks.processes import RunFailed
from benchmarks.record import Fault
from benchmarks.results import Results, Row
from benchmarks.workloads.base import NO_FAULT, Workload

SLOW = 1.3
"""A machine that takes so many times its best is disturbed."""

Tell = Callable[[str], None]


class Machine:
    """How fast it is at the moment, against its best so far."""

    def __init__(self) -> None:
        self.best = min(speed() for _ in range(5))

    def is_slow(self) -> bool:
        now = speed()
        self.best = min(self.best, now)
        return now > SLOW * self.best


def run(
    workloads: list[Workload],
    peers: list[Peer],
    repeats: int,
    tell: Tell,
    fault: Fault = NO_FAULT,
) -> Results:
    """Every workload `repeats` times, the peers taking turns (and beginning
    with another one each round). A peer that fails is left out of what is
    left of that workload, and the failure is kept."""
    results = Results()
    there = []
    for peer in peers:
        if why := peer.missing():
            results.left_out[peer.name] = why
            tell(f"{peer.name} is left out: {why}")
        else:
            there.append(peer)
    machine = Machine()
    for workload in workloads:
        names = [peer.name for peer in workload.peers(there)]
        if not names:
            continue
        results.about[workload.name] = {
            "about": workload.about,
            "figures": dict(workload.figures),
            "larger": sorted(workload.larger),
        }
        failed: set[str] = set()
        rounds = min(repeats, workload.rounds)
        for turn in range(rounds):
            tell(f"{workload.name}, round {turn + 1} of {rounds}")
            first = turn % len(names)
            for name in names[first:] + names[:first]:
                if name in failed:
                    continue
                row = _one(workload, name, turn, machine, fault)
                results.rows.append(row)
                if row.failure:
                    failed.add(name)
                if not row.is_whole:
                    tell(f"  {name}: {faults(row)}")
    return results


def _one(
    workload: Workload, name: str, turn: int, machine: Machine, fault: Fault
) -> Row:
    slow = machine.is_slow()
    try:
        found = workload.run(name, fault)
    except (RunFailed, RuntimeError, OSError, subprocess.SubprocessError) as e:
        return Row(workload.name, name, turn, failure=f"{e}")
    row = Row.of(workload.name, name, turn, found)
    row.disturbed = slow or machine.is_slow()
    return row


def faults(row: Row) -> str:
    """What went wrong, in words."""
    if row.failure:
        return f"failed: {row.failure}"
    return f"{row.lost} lost, {row.disordered} out of order, {row.wrong} wrong"
