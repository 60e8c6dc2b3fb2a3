"""One publishes, others receive: fan-out, stream, large payloads, awaited."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from benchmarks.peers.base import Peer
from benchmarks.processes import Cast, cpu_of, shares
from benchmarks.record import Fault
from benchmarks.workloads.base import NO_FAULT, Found, Workload

MIB = 1 << 20
WAVE = 250
"""Clients of a process that connect at once."""


class Publishing(Workload):
    """`count` messages to `clients` clients, as `pattern` has it.

    The time runs from the first publish to the last receipt on any client.
    """

    figures: Mapping[str, str] = MappingProxyType(
        {
            "deliveries": "1/s",
            "server_cpu": "us/message",
            "clients_cpu": "us/delivery",
            "delivery_cpu": "us/delivery",
        }
    )
    larger = frozenset({"deliveries", "bytes"})

    def __init__(
        self,
        name: str,
        kind: str,
        about: str,
        *,
        clients: int = 1,
        count: int,
        size: int = 0,
        pattern: str = "flood",
        only: tuple[str, ...] = (),
    ) -> None:
        super().__init__(name)
        self.kind = kind
        self.about = about
        self.clients = clients
        self.count = count
        self.size = size
        self.pattern = pattern
        self.only = only
        if size:
            self.figures = {"bytes": "MB/s", **type(self).figures}

    def peers(self, peers: list[Peer]) -> list[Peer]:
        there = super().peers(peers)
        return [
            peer for peer in there if not self.only or peer.name in self.only
        ]

    def run(self, peer: str, fault: Fault = NO_FAULT) -> Found:
        facts = {
            "count": self.count,
            "size": self.size,
            "pattern": self.pattern,
            "everybody": self.clients,
            "wave": WAVE,
        }
        with Cast(peer) as cast:
            server = cast.start("publish", fault=fault, **facts)
            server.expect("ready")
            readers = [
                cast.start("receive", clients=share, **facts)
                for share in shares(self.clients)
            ]
            for reader in readers:
                reader.expect("ready")
            server.let_join()
            pids = [reader.pid for reader in readers]
            with (
                cpu_of(cast.serving(server)) as served,
                cpu_of(pids) as read,
            ):
                server.tell("begin")
                began = server.expect("done")["began"]
                reports = [reader.expect("done") for reader in readers]
            found = Found({})
            for report in reports:
                found.lost += report["lost"]
                found.disordered += report["disordered"]
                found.wrong += report["wrong"]
        ended = max(report["ended"] for report in reports)
        seconds = (ended - began) / 1e9
        if seconds <= 0:  # no client had its last message
            return found
        rate = self.count * self.clients / seconds
        figures = found.figures
        if self.size:
            figures["bytes"] = rate * self.size / 1e6
        figures["deliveries"] = rate
        figures["server_cpu"] = sum(served) / self.count * 1e6
        figures["delivery_cpu"] = figures["server_cpu"] / self.clients
        figures["clients_cpu"] = sum(read) / self.count / self.clients * 1e6
        return found


def fanout(clients: int, count: int) -> Publishing:
    return Publishing(
        f"fanout-{clients}",
        "fanout",
        f"fan-out 1 to {clients:,}, as fast as it goes",
        clients=clients,
        count=count,
    )


def growth(name: str, clients: int, count: int) -> Publishing:
    """The same for plugwire alone, to see what one thing more costs."""
    return Publishing(
        name,
        "fanout",
        f"plugwire, {count:,} messages to {clients:,}",
        clients=clients,
        count=count,
        only=("plugwire", "plugwire-msgspec"),
    )


def awaited(clients: int, count: int) -> Publishing:
    return Publishing(
        f"awaited-{clients}",
        "awaited",
        f"each publish awaited, 1 to {clients:,}",
        clients=clients,
        count=count,
        pattern="awaited",
    )


def stream(count: int) -> Publishing:
    return Publishing(
        "stream",
        "stream",
        "a stream 1 to 1 (pyzmq: push and pull)",
        count=count,
        pattern="push",
    )


def bulk(size: int, count: int) -> Publishing:
    shown = f"{size // MIB} MiB" if size >= MIB else f"{size >> 10} KiB"
    return Publishing(
        f"bulk-{shown.replace(' ', '')}",
        "bulk",
        f"payloads of {shown}, 1 to 1 (pyzmq: push and pull)",
        count=count,
        size=size,
        pattern="push",
    )
