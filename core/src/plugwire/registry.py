"""Clients and sessions of one server; no I/O.

Ids count up from 1 and are never reused within a registry. One loop owns it;
other threads may look up and count, which the interpreter makes atomic.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from msgspec import Struct

from plugwire.errors import ClientGone
from plugwire.fanout import Lane, Seat
from plugwire.interfaces import Peer
from plugwire.outbox import Share


class ClientInfo(Struct, frozen=True, kw_only=True):
    """A client as a server's program sees it, at one moment.

    `id` is None for a sender, who is in no registry. `connected_since` is
    milliseconds since 1970; `sent` messages are with it or on their way, of
    which `queued` wait in its outbox; `received` came from it, `dropped`
    were lost to its lag.
    """

    id: int | None
    peer: Peer
    door: str
    session: str | None
    connected_since: int
    queued: int
    sent: int
    received: int
    dropped: int


class Connection(Protocol):
    """What the registry's users need of a connection."""

    @property
    def queued(self) -> int:
        """Messages that wait in its outbox."""

    def deliver(self, share: Share) -> object:
        """Send `share`, or queue it, and say whether it was taken. Never
        raises, never waits."""

    def end(self, reason: str, *, final: bool = False) -> None:
        """End it, with a goodbye where one can still be said."""


class Member:
    """One connected client: who it is, its counters, its place in fan-out.

    A sender is a Member with no id, that no registry holds.
    """

    __slots__ = ("connected_since", "connection", "door", "dropped", "id",
                 "joined", "peer", "received", "seat",
                 "session")  # fmt: skip

    def __init__(
        self,
        id: int | None,
        peer: Peer,
        door: str,
        connection: Connection,
        lane: Lane,
        since: int,
    ) -> None:
        self.id = id
        self.peer = peer
        self.door = door
        self.connection = connection
        self.seat = Seat(lane, connection.deliver)
        self.session: str | None = None
        self.connected_since = since
        self.joined = False
        self.received = 0
        self.dropped = 0

    @property
    def sent(self) -> int:
        """Messages that are with it or on their way: the seat's count."""
        return self.seat.sent

    @sent.setter
    def sent(self, count: int) -> None:
        self.seat.sent = count

    def info(self) -> ClientInfo:
        """This client now."""
        return ClientInfo(
            id=self.id,
            peer=self.peer,
            door=self.door,
            session=self.session,
            connected_since=self.connected_since,
            queued=self.connection.queued,
            sent=self.seat.sent,
            received=self.received,
            dropped=self.dropped,
        )


class Registry:
    """Members by id, and the sessions that they are in.

    A member is *arriving* from the moment that it has an id (so that
    `on_connect` can attach it and send to it) and counts from `join` on.
    """

    __slots__ = ("_arriving", "_joined", "_next", "_sessions")

    def __init__(self) -> None:
        self._next = 1
        self._arriving: dict[int, Member] = {}
        self._joined: dict[int, Member] = {}
        self._sessions: dict[str, dict[int, Member]] = {}

    def __len__(self) -> int:
        return len(self._joined)

    def __iter__(self) -> Iterator[Member]:
        return iter(tuple(self._joined.values()))

    def new_id(self) -> int:
        """The next id."""
        number = self._next
        self._next += 1
        return number

    def arrive(self, member: Member) -> None:
        """`member` has an id and can be addressed; it does not count yet."""
        assert member.id is not None
        self._arriving[member.id] = member

    def join(self, member: Member) -> None:
        """`member` counts from now on."""
        assert member.id is not None
        # In this order, the reverse of `find`: no thread misses it.
        self._joined[member.id] = member
        del self._arriving[member.id]
        member.joined = True

    def leave(self, member: Member) -> bool:
        """Forget `member`, its session included; whether it was known."""
        if member.id is None:
            return False
        known = self._joined.pop(member.id, None) is not None
        known = self._arriving.pop(member.id, None) is not None or known
        self.detach(member)
        member.joined = False
        return known

    def find(self, client_id: int) -> Member | None:
        """The member with this id, arriving or joined, or None."""
        return self._arriving.get(client_id) or self._joined.get(client_id)

    def get(self, client_id: int) -> Member:
        """The member with this id, arriving or joined; else `ClientGone`."""
        member = self.find(client_id)
        if member is None:
            raise ClientGone(client_id)
        return member

    def attach(self, member: Member, session: str) -> None:
        """Put `member` into `session`, out of the one that it is in.

        Raises `ClientGone` for one that has left.
        """
        assert member.id is not None
        if self.find(member.id) is not member:
            raise ClientGone(member.id)
        if member.session == session:
            return
        self.detach(member)
        self._sessions.setdefault(session, {})[member.id] = member
        member.session = session

    def detach(self, member: Member) -> None:
        """Take `member` out of its session, if it is in one."""
        session = member.session
        if session is None or member.id is None:
            return
        inside = self._sessions[session]
        del inside[member.id]
        if not inside:
            del self._sessions[session]
        member.session = None

    def inside(self, session: str) -> tuple[int, ...]:
        """The ids in `session`, in the order in which they came."""
        inside = self._sessions.get(session)
        return tuple(inside) if inside else ()

    def infos(self) -> Mapping[int, ClientInfo]:
        """All who have joined, by id, at this moment."""
        return {
            number: member.info()
            for number, member in tuple(self._joined.items())
        }
