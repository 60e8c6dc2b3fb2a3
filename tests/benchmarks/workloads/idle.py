"""Idle connections: memory of the server, and how fast they are accepted."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from benchmarks.processes import Cast, resident_bytes, shares
from benchmarks.record import Fault
from benchmarks.workloads.base import NO_FAULT, Found, Workload


class Idle(Workload):
    """`clients` connections, each with its first message or, of peers that
    do not greet, an acknowledged subscription. All at once where `wave` is
    0. A peer that refuses one has failed."""

    kind = "idle"
    figures: Mapping[str, str] = MappingProxyType(
        {
            "connects": "1/s",
            "memory": "KiB/client",
        }
    )
    larger = frozenset({"connects"})

    def __init__(self, name: str, clients: int, wave: int = 0) -> None:
        super().__init__(name)
        how = f"{2 * wave} at a time" if wave else "at once"
        self.about = f"{clients:,} idle connections, made {how}"
        self.clients = clients
        self.wave = wave

    def run(self, peer: str, fault: Fault = NO_FAULT) -> Found:
        facts = {
            "everybody": self.clients,
            "pattern": "greet",
            "wave": self.wave,
        }
        with Cast(peer) as cast:
            server = cast.start("greet", **facts)
            server.expect("ready")
            holders = [
                cast.start("hold", clients=share, **facts)
                for share in shares(self.clients)
            ]
            for holder in holders:
                holder.expect("ready")
            pids = cast.serving(server)
            before = sum(resident_bytes(pid) for pid in pids)
            for holder in holders:
                holder.tell("go")
            reports = [holder.expect("done") for holder in holders]
            after = sum(resident_bytes(pid) for pid in pids)
        began = min(report["began"] for report in reports)
        ended = max(report["ended"] for report in reports)
        return Found(
            {
                "connects": self.clients / (ended - began) * 1e9,
                "memory": (after - before) / self.clients / 1024,
            }
        )
