"""What only a server knows, and its layers do not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from msgspec import Struct
from opentelemetry.metrics import Observation

from plugwire.registry import ClientInfo
from plugwire.stats import Stats
from plugwire_metrics.naming import EVENT, SYSTEM


class Watched(Protocol):
    """A server of either face."""

    @property
    def event_name(self) -> str:
        """The event that is served."""

    @property
    def stats(self) -> Stats:
        """The counters of its start."""

    @property
    def clients(self) -> Mapping[int, ClientInfo]:
        """Who has joined."""


class Measure(Struct, frozen=True):
    """One number of a server."""

    name: str
    unit: str
    description: str
    read: Callable[[Watched], int]


GAUGES = (
    Measure(
        "plugwire.server.clients",
        "{client}",
        "Clients that have joined.",
        lambda server: len(server.clients),
    ),
    Measure(
        "plugwire.server.queued",
        "{message}",
        "Messages that wait in all clients' outboxes.",
        lambda server: sum(c.queued for c in server.clients.values()),
    ),
    Measure(
        "plugwire.server.sent",
        "{message}",
        "Messages with clients or on their way; dropped ones are taken off.",
        lambda server: server.stats.sent,
    ),
)
COUNTERS = (
    Measure(
        "plugwire.server.broadcasts",
        "{message}",
        "Broadcasts said.",
        lambda server: server.stats.broadcasts,
    ),
    Measure(
        "plugwire.server.received",
        "{message}",
        "Messages that clients sent.",
        lambda server: server.stats.received,
    ),
    Measure(
        "plugwire.server.dropped",
        "{message}",
        "Messages let go by a lag policy or a queue.",
        lambda server: server.stats.dropped,
    ),
    Measure(
        "plugwire.server.lost",
        "{message}",
        "Messages that went with a connection, or fitted no codec.",
        lambda server: server.stats.lost,
    ),
    Measure(
        "plugwire.server.overfull",
        "{client}",
        "Clients ended because their outbox was full.",
        lambda server: server.stats.overfull,
    ),
    Measure(
        "plugwire.server.stalled",
        "{client}",
        "Clients ended because they took nothing.",
        lambda server: server.stats.stalled,
    ),
    Measure(
        "plugwire.server.refused",
        "{client}",
        "Connections turned away.",
        lambda server: server.stats.refused,
    ),
    Measure(
        "plugwire.server.connections",
        "{client}",
        "Connections that have joined.",
        lambda server: server.stats.connections,
    ),
)


def observations(
    servers: Iterable[Watched], read: Callable[[Watched], int]
) -> Iterable[Observation]:
    """One number of each of `servers`."""
    for server in servers:
        attributes = {SYSTEM: "plugwire", EVENT: server.event_name}
        yield Observation(read(server), attributes)
