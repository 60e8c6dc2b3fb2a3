"""How plugwire's cost grows: with sessions, permissions, stalled clients.

How it grows with clients and messages, the fan-out workloads show.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from benchmarks.measure import percentile
from benchmarks.peers.base import Peer
from benchmarks.processes import Cast, cpu_of, resident_bytes
from benchmarks.record import Fault
from benchmarks.workloads.base import NO_FAULT, Found, Workload


class Sessions(Workload):
    """Broadcasts to a session of `inside`, of `clients` in all."""

    kind = "sessions"
    figures: Mapping[str, str] = MappingProxyType({"server_cpu": "us/message"})

    def __init__(self, inside: int, clients: int, count: int) -> None:
        super().__init__(f"sessions-{clients}")
        self.about = f"to a session of {inside} among {clients:,} clients"
        self.inside = inside
        self.clients = clients
        self.count = count

    def run(self, peer: str, fault: Fault = NO_FAULT) -> Found:
        facts: dict[str, Any] = {
            "count": self.count,
            "inside": self.inside,
            "everybody": self.clients,
        }
        with Cast(peer) as cast:
            server = cast.start("publish", fault=fault, **facts)
            server.expect("ready")
            reader = cast.start("receive", clients=self.inside, **facts)
            reader.expect("ready")
            others = self.clients - self.inside
            if others:
                cast.start("idle", clients=others, **facts).expect("ready")
            server.let_join()
            with cpu_of([server.pid]) as served:
                server.tell("begin")
                server.expect("done")
                report = reader.expect("done")
        return Found(
            {"server_cpu": served[0] / self.count * 1e6},
            report["lost"],
            report["disordered"],
            report["wrong"],
        )


class Stalled(Workload):
    """Clients that read nothing at all, while `count` messages are said."""

    kind = "stalled"
    figures: Mapping[str, str] = MappingProxyType(
        {
            "server_cpu": "us/message",
            "memory": "KiB/client",
        }
    )

    def __init__(self, name: str, clients: int, count: int) -> None:
        super().__init__(name)
        self.about = f"{count:,} messages to {clients} that stand still"
        self.clients = clients
        self.count = count

    def run(self, peer: str, fault: Fault = NO_FAULT) -> Found:
        facts: dict[str, Any] = {
            "count": self.count,
            "everybody": self.clients,
            "options": {"lag": "drop_oldest"},
        }
        with Cast(peer) as cast:
            server = cast.start("publish", **facts)
            server.expect("ready")
            reader = cast.start("idle", clients=self.clients, **facts)
            reader.expect("ready")
            server.let_join()
            reader.stop()
            before = resident_bytes(server.pid)
            with cpu_of([server.pid]) as served:
                server.tell("begin")
                server.expect("done")
            grown = resident_bytes(server.pid) - before
        return Found(
            {
                "server_cpu": served[0] / self.count * 1e6,
                "memory": grown / self.clients / 1024,
            }
        )


class Permissions(Workload):
    """Requests under `rules` rules, of which the last one allows."""

    kind = "roundtrip"
    figures: Mapping[str, str] = MappingProxyType(
        {
            "p50": "us",
            "server_cpu": "us/message",
        }
    )

    def __init__(self, rules: int, count: int) -> None:
        super().__init__(f"permissions-{rules}")
        self.about = f"requests under {rules} rules"
        self.rules = rules
        self.count = count

    def peers(self, peers: list[Peer]) -> list[Peer]:
        return [peer for peer in peers if peer.name == "plugwire"]

    def _options(self) -> dict[str, Any]:
        if not self.rules:
            return {"permissions": ["anyone"]}
        other = {"who": "*", "verbs": ["attach"], "session": "other"}
        last = {"who": "*", "verbs": ["connect", "receive", "send", "request"]}
        return {
            "permissions": ["peer", "rules"],
            "rules": {"allow": [other] * (self.rules - 1) + [last]},
        }

    def run(self, peer: str, fault: Fault = NO_FAULT) -> Found:
        with Cast(peer) as cast:
            server = cast.start("answer", options=self._options())
            server.expect("ready")
            client = cast.start("ask", count=self.count)
            client.expect("ready")
            with cpu_of([server.pid]) as served:
                client.tell("go")
                report = client.expect("done")
        times = [time / 1e3 for time in report["times"]]
        return Found(
            {
                "p50": percentile(times, 50),
                "server_cpu": served[0] / self.count * 1e6,
            },
            wrong=report["wrong"],
        )
