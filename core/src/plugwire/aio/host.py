"""What connections need of the server that they belong to, and of its door.

The contracts stand apart from who keeps them (`incarnation`, `door`), so
that imports go one way: a connection knows no door's accepting and no
server's life cycle.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Protocol

from plugwire.aio.broadcaster import Broadcaster
from plugwire.aio.handlers import Handlers
from plugwire.errors import PlugwireError
from plugwire.fanout import Lane
from plugwire.handshake import Role
from plugwire.interfaces import Peer
from plugwire.logs import Limiter
from plugwire.outbox import Ledger
from plugwire.pipeline import DoorPipeline
from plugwire.registry import Member, Registry
from plugwire.settings import Lag, Settings
from plugwire.stats import Stats


class Guest(Protocol):
    """A connection, as its door and its server see it.

    `ended` is true from the moment that it counts no more, `closed` once
    its transport is gone. `stalled` and `lag_mark` (the loop's time at which
    it last took something, and the bytes that its transport held then) are
    the lag watch's.
    """

    role: Role
    peer: Peer
    door: Entrance
    member: Member | None
    was_member: bool
    ended: bool
    closed: bool
    reason: str
    stalled: bool
    lag_mark: tuple[float, int]

    @property
    def lag(self) -> Lag:
        """The lag policy of its door."""

    @property
    def queued(self) -> int:
        """Messages that wait in its outbox."""

    @property
    def queued_bytes(self) -> int:
        """Their bytes."""

    @property
    def unsent_bytes(self) -> int:
        """Bytes that the transport holds."""

    @property
    def is_lagging(self) -> bool:
        """Whether anything waits for the kernel."""

    def relieve(self, excess: int) -> None:
        """All outboxes together are too large, and this one is the most."""

    def stall(self) -> None:
        """It has taken nothing for too long: let it go."""

    def refuse(self, error: PlugwireError) -> None:
        """Turn the peer away, in words that it can read, and let go."""

    def end(self, reason: str, *, final: bool = False) -> None:
        """Say goodbye behind all that is queued, then close."""

    def abort(self) -> None:
        """Cut it now."""

    @property
    def waiting_bytes(self) -> int:
        """Bytes of messages that wait for its handler."""

    def has_followers(self, on_disconnect: object) -> bool:
        """Whether something is left to do once the transport is gone."""

    async def stop_worker(self, *, finish: bool) -> None:
        """Wait until the client's handler has ended: with all that it was
        told (`finish`), or cancelled now."""


class Entrance(Protocol):
    """The door that a connection came through."""

    pipeline: DoorPipeline
    lane: Lane
    lane_index: int

    def opened(self, guest: Guest) -> None:
        """A transport is there, and nothing is known of its peer."""

    def admit(self, guest: Guest) -> None:
        """Give it the slot of its role, or raise `TooManyConnections`."""

    def asked(self, guest: Guest) -> None:
        """It asked a question of the command's."""

    def joined(self, guest: Guest) -> None:
        """It is pending no more."""

    def release(self, guest: Guest) -> None:
        """Its slot is free; what is left of it is being drained."""

    def closed(self, guest: Guest) -> None:
        """Its transport is gone."""


class Host(Protocol):
    """The server, from one start to its stop."""

    event: str
    name: str
    settings: Settings
    handlers: Handlers
    loop: asyncio.AbstractEventLoop
    registry: Registry
    voice: Broadcaster
    stats: Stats
    limiter: Limiter
    ledger: Ledger
    buffer: memoryview
    stopping: bool

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run `work` as a task of this server, held until its end."""

    def leaving(self) -> PlugwireError:
        """What who comes too late is told."""

    def opened(self, guest: Guest) -> None:
        """A peer is there."""

    def closed(self, guest: Guest) -> None:
        """A peer's transport is gone."""

    def joined(self, guest: Guest) -> None:
        """A client, sender or question has joined."""

    def refused(
        self, door: Entrance, peer: Peer, error: PlugwireError
    ) -> None:
        """A peer was turned away."""

    def wrong_bytes(
        self, door: Entrance, peer: Peer, error: PlugwireError
    ) -> None:
        """A client said what is no message."""

    def lagging(self, guest: Guest) -> None:
        """Something waits for the kernel."""

    def moved(self, guest: Guest) -> None:
        """The kernel has taken some of it."""

    def caught_up(self, guest: Guest) -> None:
        """Nothing waits any more, or the connection is gone."""

    def gone(self, guest: Guest) -> None:
        """Its transport is gone."""

    def describe(self) -> dict[str, Any]:
        """The answer to `plugwire ping`."""

    def describe_clients(self) -> dict[str, Any]:
        """The answer to `plugwire clients`."""
