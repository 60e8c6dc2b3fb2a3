"""Round trips, one request outstanding."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import MappingProxyType

from benchmarks.measure import percentile
from benchmarks.peers import PEERS
from benchmarks.processes import Cast
from benchmarks.record import Fault
from benchmarks.workloads.base import NO_FAULT, Found, Workload

WARM = 0.1
"""The part of the requests, at the beginning, that is not counted."""


class RoundTrip(Workload):
    """The client is blocking (`sync`) or in a loop; `pinned` puts client,
    server and broker on one core, where there is no wake-up across cores."""

    figures: Mapping[str, str] = MappingProxyType({"p50": "us", "p99": "us"})

    def __init__(self, *, sync: bool, pinned: bool, count: int) -> None:
        face = "sync" if sync else "aio"
        super().__init__(f"roundtrip-{face}" + ("" if pinned else "-free"))
        self.kind = "roundtrip-sync" if sync else "roundtrip"
        client = "a blocking client" if sync else "an asyncio client"
        where = "on one core" if pinned else "free"
        self.about = f"round trip of {client}, {where}"
        self.pinned = pinned
        self.count = count

    def run(self, peer: str, fault: Fault = NO_FAULT) -> Found:
        core = min(os.sched_getaffinity(0)) if self.pinned else None
        facts = {"count": self.count}
        with Cast(peer, core) as cast:
            server = cast.start("answer", peer=PEERS[peer].answerer, **facts)
            server.expect("ready")
            client = cast.start("ask", **facts)
            client.expect("ready")
            client.tell("go")
            report = client.expect("done")
        times = [time / 1e3 for time in report["times"]]
        times = times[int(len(times) * WARM) :]
        return Found(
            {"p50": percentile(times, 50), "p99": percentile(times, 99)},
            wrong=report["wrong"],
        )
