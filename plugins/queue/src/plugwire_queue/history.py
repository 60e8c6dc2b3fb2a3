"""`history`: the recent past, for each who comes."""

# ruff: noqa: ARG002 - the signatures are those of a Queue
from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from plugwire.hookspecs import hookimpl
from plugwire.interfaces import Kept

if TYPE_CHECKING:
    from annotated_types import Ge, Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class HistorySettings:
    """Bounds: messages, their encoded bytes, and seconds (0: no limit)."""

    size: Annotated[int, Ge(1)] = 30
    bytes: Annotated[int, Ge(1)] = 8 << 20
    age: Annotated[float, Interval(ge=0, lt=float("inf"))] = 0.0


class History:
    """The plugin `history`."""

    Settings = HistorySettings

    def __init__(self, settings: HistorySettings | None = None) -> None:
        self._settings = settings or HistorySettings()

    @hookimpl
    def queue(self) -> HistoryQueue:
        """An empty queue."""
        return HistoryQueue(self._settings)


class HistoryQueue:
    """Keeps the last broadcasts, whoever has heard them.

    Letting the oldest go is its purpose and no loss: `offer` returns 0.
    """

    __slots__ = ("_age", "_bytes", "_items", "_max", "_size")

    def __init__(self, settings: HistorySettings) -> None:
        self._size = settings.size
        self._max = settings.bytes
        self._age = settings.age
        self._items: deque[Kept] = deque()
        self._bytes = 0

    def wants(self, joined: int) -> bool:
        """Always."""
        return True

    def offer(self, item: Kept, joined: int) -> int:
        """Keep `item`, and let go what is over the bounds.

        One that is over `bytes` alone leaves nothing: a history with a hole
        in it would look complete.
        """
        self._items.append(item)
        self._bytes += item.size
        while len(self._items) > self._size or self._bytes > self._max:
            self._drop()
        self._expire(item.at)
        return 0

    def preface(
        self, joined: int, since: int | None, now: float
    ) -> Sequence[Kept]:
        """The last, in order, but for what the newcomer has seen."""
        self._expire(now)
        if since is None:
            return list(self._items)
        return [item for item in self._items if item.seq > since]

    def handed(self, item: Kept) -> None:
        """Nothing: the next newcomer gets it too."""

    def returned(self, items: Sequence[Kept]) -> None:
        """Nothing: they were never taken out."""

    def clear(self) -> int:
        """Forget everything; returns how many there were."""
        count = len(self._items)
        self._items.clear()
        self._bytes = 0
        return count

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._items)

    def _expire(self, now: float) -> None:
        if self._age:
            while self._items and now - self._items[0].at > self._age:
                self._drop()

    def _drop(self) -> None:
        self._bytes -= self._items.popleft().size
