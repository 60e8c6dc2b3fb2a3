"""`fifo`: what was said while nobody was there, for the first who comes."""

# ruff: noqa: ARG002 - the signatures are those of a Queue
from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated

from plugwire.hookspecs import hookimpl
from plugwire.interfaces import Kept

if TYPE_CHECKING:
    from annotated_types import Ge, Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class FifoSettings:
    """Bounds: messages, their encoded bytes, and seconds (0: no limit)."""

    size: Annotated[int, Ge(1)] = 100
    bytes: Annotated[int, Ge(1)] = 8 << 20
    age: Annotated[float, Interval(ge=0, lt=float("inf"))] = 0.0


class Fifo:
    """The plugin `fifo`."""

    Settings = FifoSettings

    def __init__(self, settings: FifoSettings | None = None) -> None:
        self._settings = settings or FifoSettings()

    @hookimpl
    def queue(self) -> FifoQueue:
        """An empty queue."""
        return FifoQueue(self._settings)


class FifoQueue:
    """Keeps broadcasts while nobody has joined; each goes to one newcomer.

    What `preface` gave is *being handed*: nobody else gets it, and it still
    counts towards the bounds, until `handed` lets it go or `returned` puts
    it back in front. When the bounds are passed the oldest that waits goes;
    what is being handed cannot.
    """

    __slots__ = ("_age", "_bytes", "_held", "_lost", "_max", "_size", "_wait")

    def __init__(self, settings: FifoSettings) -> None:
        self._size = settings.size
        self._max = settings.bytes
        self._age = settings.age
        self._wait: deque[Kept] = deque()
        self._held: set[Kept] = set()
        self._bytes = 0
        self._lost = 0

    def wants(self, joined: int) -> bool:
        """While nobody has joined."""
        return not joined

    def offer(self, item: Kept, joined: int) -> int:
        """Keep `item` when nobody has joined; returns how many were lost
        since the last call."""
        self._expire(item.at)
        if not joined:
            if item.size > self._max:
                # It can never fit: the others need not go for it.
                self._lost += 1
            else:
                self._wait.append(item)
                self._bytes += item.size
                self._shrink()
        lost, self._lost = self._lost, 0
        return lost

    def preface(
        self, joined: int, since: int | None, now: float
    ) -> Sequence[Kept]:
        """All that waits, whoever else is there. What a newcomer with
        `since` has passed already would come out of order, and stays for
        the next."""
        self._expire(now)
        taken = list(self._wait)
        self._wait.clear()
        if since is not None:
            self._wait.extend(item for item in taken if item.seq <= since)
            taken = [item for item in taken if item.seq > since]
        self._held.update(taken)
        return taken

    def handed(self, item: Kept) -> None:
        """`item` is out: let it go."""
        if item in self._held:
            self._held.remove(item)
            self._bytes -= item.size

    def returned(self, items: Sequence[Kept]) -> None:
        """Those of `items` that are being handed wait again, in their old
        place: in front but for what `preface` passed over."""
        back = [item for item in items if item in self._held]
        self._held.difference_update(back)
        self._wait = deque(sorted([*back, *self._wait], key=_seq))

    def clear(self) -> int:
        """Let everything go; returns how many were waiting."""
        waiting = len(self._wait)
        self._wait.clear()
        self._held.clear()
        self._bytes = 0
        return waiting

    def __len__(self) -> int:
        """How many wait or are being handed."""
        return len(self._wait) + len(self._held)

    def _shrink(self) -> None:
        while len(self) > self._size or self._bytes > self._max:
            self._drop()

    def _expire(self, now: float) -> None:
        if self._age:
            while self._wait and now - self._wait[0].at > self._age:
                self._drop()

    def _drop(self) -> None:
        self._bytes -= self._wait.popleft().size
        self._lost += 1


_seq = attrgetter("seq")
