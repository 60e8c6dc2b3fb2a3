"""plugwire as the growth workloads use it: sessions, stalled clients."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from benchmarks.peers.plugwire_aio import Plugwire
from benchmarks.record import Data
from benchmarks.spec import Spec

TURN = 50
"""Messages between two turns of the loop, with clients that stand still."""
OTHERS = 10
"""Clients in each of the other sessions."""


class Sessions(Plugwire):
    """Broadcasts to one session: that of the first `spec.inside` clients."""

    async def serve(self, spec: Spec) -> None:
        self.inside = spec.inside
        await super().serve(spec)

    async def joined(self, count: int) -> None:
        await super().joined(count)
        for place, number in enumerate(sorted(self.server.clients)):
            name = "inside"
            if place >= self.inside:
                name = f"other{(place - self.inside) // OTHERS}"
            self.server.attach(number, name)

    async def publish(self, content: Iterable[Data]) -> None:
        for number, data in enumerate(content, 1):
            self.server.broadcast(data, session="inside")
            if not number % self.every:
                await self.server.flush()
        await self.server.flush(low=0)


class Stalled(Plugwire):
    """Never waits: the clients stand still, and their outboxes drop."""

    async def publish(self, content: Iterable[Data]) -> None:
        for number, data in enumerate(content, 1):
            self.server.broadcast(data)
            if not number % TURN:
                await asyncio.sleep(0)


PEERS = (
    Sessions("plugwire-sessions", can={"sessions"}),
    Stalled("plugwire-stalled", can={"stalled"}),
)
