"""What a client knows from one connection to the next; no I/O."""

from __future__ import annotations

from collections.abc import Callable

from plugwire.handshake import Joined
from plugwire.protocol import ServerFacts


class Standing:
    """Server, session, and what was missed, through all reconnects.

    `on_gap` is called for each loss, with how many messages it was, or None
    when nobody can know. `missed` is their sum since the first connection;
    None once that is unknown. `known` is the last incarnation and the last
    `seq` seen of it, which the next hello says.
    """

    __slots__ = ("_on_gap", "known", "missed", "server", "session")

    def __init__(self, on_gap: Callable[[int | None], None]) -> None:
        self._on_gap = on_gap
        self.server: ServerFacts | None = None
        self.session: str | None = None
        self.known: tuple[str, int] | None = None
        self.missed: int | None = 0

    def joined(self, server: ServerFacts, joined: Joined, seq: int) -> None:
        """A connection has joined; `seq` is the last broadcast that it
        counts as seen. A sender, whom no message reaches, misses none."""
        known = self.known
        self.server = server
        self.known = (server.incarnation, seq)
        if known is None or joined.client_id is None:
            return
        if known[0] != server.incarnation:
            self.gap(None)
        elif joined.missed:
            self.gap(joined.missed)

    def lost(self, seq: int) -> None:
        """The connection is over; `seq` was the last broadcast seen."""
        if self.server is not None:
            self.known = (self.server.incarnation, seq)

    def gap(self, missed: int | None) -> None:
        """So many messages were lost; None: an unknown number."""
        self.missed = together(self.missed, missed)
        self._on_gap(missed)


def together(one: int | None, other: int | None) -> int | None:
    """Two losses in one; None where nobody knows how many it was."""
    return None if one is None or other is None else one + other
