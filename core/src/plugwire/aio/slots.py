"""The places of a door: so many members, so many senders, so many questions.

Each role has places of its own, so that none keeps another out. A sender may
be silent for hours; whoever connects to ask asks at once, and loses its place
to the next one when it has asked nothing for a while: eight connections that
only stand there would leave nobody able to look what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable

from plugwire.aio.host import Guest
from plugwire.errors import TooManyConnections

IDLE = 5.0
"""Seconds without a question after which a place goes to who wants one: the
command asks at once, and one that watches asks each second."""


class Slots:
    """Who has a place at the door `where` says; `now` is the loop's clock."""

    __slots__ = ("_members", "_most_members", "_most_services", "_now",
                 "_questions", "_senders", "_where")  # fmt: skip

    def __init__(
        self,
        where: str,
        members: int,
        services: int,
        now: Callable[[], float],
    ) -> None:
        self._where = where
        self._most_members = members
        self._most_services = services
        self._now = now
        self._members: set[Guest] = set()
        self._senders: set[Guest] = set()
        self._questions: dict[Guest, float] = {}  # when it last asked

    def take(self, guest: Guest) -> None:
        """Give `guest` a place of its role, or raise
        `TooManyConnections`."""
        if guest.role == "member":
            if len(self._members) >= self._most_members:
                raise self._full(self._most_members, "max_connections")
            self._members.add(guest)
            return
        most = self._most_services
        if guest.role == "sender":
            if len(self._senders) >= most:
                raise self._full(most, "service_connections")
            self._senders.add(guest)
            return
        if len(self._questions) >= most and not self._make_place():
            raise self._full(most, "service_connections")
        self._questions[guest] = self._now()

    def asked(self, guest: Guest) -> None:
        """`guest`, which is there to ask, has asked."""
        if self._questions.pop(guest, None) is not None:
            self._questions[guest] = self._now()

    def free(self, guest: Guest) -> None:
        """Its place is free, if it has one."""
        self._members.discard(guest)
        self._senders.discard(guest)
        self._questions.pop(guest, None)

    def _make_place(self) -> bool:
        """Have who asked nothing for longest go, and long enough."""
        guest, since = next(iter(self._questions.items()))
        if self._now() - since < IDLE:
            return False
        guest.end(
            f"it asked nothing for {IDLE:g} s, and another one wants to ask "
            "(service_connections)"
        )
        return True

    def _full(self, limit: int, setting: str) -> TooManyConnections:
        return TooManyConnections(
            f"{self._where} is full: {limit} connections ({setting})",
            f"try again later, or raise {setting} on the server",
        )
