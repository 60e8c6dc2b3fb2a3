"""Who is at a door and has not joined, and who of them goes when many come.

Up to their limit they wait for each other. Past it whoever came first and
has said nothing makes room for the next one: who means to join says hello
within a round trip, and a crowd of those who never do would otherwise keep
everybody out. By age and not by chance, as OpenSSH has it (`MaxStartups`),
since that spares who is quick for certain; and not the newcomer, of whom
nothing is known yet, as a cache of half-open connections has it in the kernel.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from plugwire.aio.host import Guest
from plugwire.handshake import HandshakeRefused

SPARED = 0.5
"""Seconds that who is silent has in any case: a hello takes a round trip, in
which one gets around the world. It also says how often a crowd can be
replaced, which takes time of the loop."""


class Pending:
    """The pending connections of a door, `limit` at most. (For a moment some
    more: whoever makes room goes in the loop's next turn.)

    `now` is the loop's clock.
    """

    __slots__ = ("_changed", "_coming", "_limit", "_now", "_others",
                 "_silent")  # fmt: skip

    def __init__(self, limit: int, now: Callable[[], float]) -> None:
        self._limit = limit
        self._now = now
        self._silent: dict[Guest, float] = {}  # the oldest first
        self._others: set[Guest] = set()
        self._coming: set[socket.socket | Guest] = set()
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._silent) + len(self._others) + len(self._coming)

    @property
    def has_room(self) -> bool:
        """Whether one more may be accepted."""
        return len(self) < self._limit or self._oldest() is not None

    async def room(self) -> None:
        """Until one more may be accepted."""
        while not self.has_room:
            self._changed.clear()
            since = next(iter(self._silent.values()), None)
            due = None if since is None else since + SPARED
            try:
                async with asyncio.timeout_at(due):
                    await self._changed.wait()
            except TimeoutError:
                return

    def make_room(self) -> None:
        """One more was accepted: where they are too many, the oldest silent
        one goes."""
        if len(self) > self._limit:
            self.cut(1)

    def cut(self, most: int) -> int:
        """Turn up to `most` of the oldest silent ones away, as long as they
        had their time; how many there were."""
        for count in range(most):
            guest = self._oldest()
            if guest is None:
                return count
            guest.refuse(
                HandshakeRefused(
                    "busy",
                    "no hello came, and others wait "
                    f"(pending_connections = {self._limit})",
                    "say hello sooner, or try again in a moment",
                )
            )
        return most

    def _oldest(self) -> Guest | None:
        """Who has been silent for longest and long enough, or None."""
        for guest, since in self._silent.items():
            return guest if self._now() - since >= SPARED else None
        return None

    # ------------------------------------------------- what becomes of them

    def begin(self, sock: socket.socket) -> None:
        """`sock` was accepted, and is to be made a connection."""
        self._coming.add(sock)

    def becomes(self, sock: socket.socket, guest: Guest) -> None:
        """`guest` is the connection that is made of `sock`."""
        self._coming.discard(sock)
        self._coming.add(guest)

    def failed(self, what: socket.socket | Guest) -> None:
        """Nothing comes of it, where it has not `opened`."""
        self._coming.discard(what)
        self._changed.set()

    def opened(self, guest: Guest) -> None:
        """A connection of which nothing is known."""
        self._coming.discard(guest)
        self._silent[guest] = self._now()
        self._changed.set()

    def heard(self, guest: Guest) -> None:
        """Its hello came and was a good one."""
        if self._silent.pop(guest, None) is not None:
            self._others.add(guest)

    def drained(self, guest: Guest) -> None:
        """It counts no more, but is there until what it is owed is out."""
        self._silent.pop(guest, None)
        self._others.add(guest)

    def discard(self, guest: Guest) -> None:
        """It is pending no more."""
        self._silent.pop(guest, None)
        self._others.discard(guest)
        self._changed.set()
