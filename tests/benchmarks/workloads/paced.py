"""Paced pushes to many: latency, and the server's CPU."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from benchmarks.measure import percentile
from benchmarks.processes import Cast, cpu_of, shares
from benchmarks.record import Fault
from benchmarks.workloads.base import NO_FAULT, Found, Workload


class Paced(Workload):
    """Latency from before encode to after decode, over all clients."""

    kind = "paced"
    figures: Mapping[str, str] = MappingProxyType(
        {
            "p50": "us",
            "p99": "us",
            "server_cpu": "% of a core",
            "clients_cpu": "s",
        }
    )

    def __init__(self, rate: float, clients: int, count: int) -> None:
        super().__init__(f"paced-{rate:g}")
        self.about = f"paced {rate:g} Hz to {clients}: latency"
        self.rate = rate
        self.clients = clients
        self.count = count

    def run(self, peer: str, fault: Fault = NO_FAULT) -> Found:
        facts = {
            "count": self.count,
            "rate": self.rate,
            "pattern": "paced",
            "everybody": self.clients,
            "seconds": 60.0 + self.count / self.rate,
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
            with (
                cpu_of(cast.serving(server)) as served,
                cpu_of([reader.pid for reader in readers]) as read,
            ):
                server.tell("begin")
                sent = server.expect("done")["sent"]
                reports = [reader.expect("done") for reader in readers]
        found = Found({})
        times: list[float] = []
        for report in reports:
            found.lost += report["lost"]
            found.disordered += report["disordered"]
            found.wrong += report["wrong"]
            for moments in report["moments"]:
                if len(moments) == len(sent):
                    times += (
                        (came - went) / 1e3
                        for came, went in zip(moments, sent, strict=True)
                    )
        if times:
            seconds = self.count / self.rate
            found.figures |= {
                "p50": percentile(times, 50),
                "p99": percentile(times, 99),
                "server_cpu": 100 * sum(served) / seconds,
                "clients_cpu": sum(read),
            }
        return found
