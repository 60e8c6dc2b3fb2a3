"""`none`: who comes late has missed it."""

# ruff: noqa: ARG002 - the signatures are those of a Queue
from __future__ import annotations

from collections.abc import Sequence

from plugwire.hookspecs import hookimpl
from plugwire.interfaces import Kept


class Nothing:
    """The plugin `none`; it has no settings."""

    @hookimpl
    def queue(self) -> NothingQueue:
        """A queue that stays empty."""
        return NothingQueue()


class NothingQueue:
    """Keeps nothing. That is what was asked for: nothing counts as lost."""

    __slots__ = ()

    def wants(self, joined: int) -> bool:
        """Never."""
        return False

    def offer(self, item: Kept, joined: int) -> int:
        """Keep nothing, lose nothing."""
        return 0

    def preface(
        self, joined: int, since: int | None, now: float
    ) -> Sequence[Kept]:
        """Nothing."""
        return ()

    def handed(self, item: Kept) -> None:
        """Nothing was given."""

    def returned(self, items: Sequence[Kept]) -> None:
        """Nothing was given."""

    def clear(self) -> int:
        """There is nothing."""
        return 0

    def __len__(self) -> int:
        """Always 0."""
        return 0
