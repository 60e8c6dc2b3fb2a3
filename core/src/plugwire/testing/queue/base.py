"""What the checks of queues share: broadcasts, and newcomers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count
from types import MappingProxyType
from typing import Any, ClassVar, TypeAlias, cast

import pytest

from plugwire.interfaces import Kept, Queue
from plugwire.plugins import Kind
from plugwire.testing.asking import ask
from plugwire.testing.pipes import Piped, Pipes

NOW = 1000.0
"""The moment of what is offered, unless a check says another."""
FEW = 5
"""Broadcasts that any queue has room for."""
BODY = b"x" * 64

MakeQueue: TypeAlias = Callable[[], Queue]


class Tracked(Kept, weakref=True, eq=False):
    """A broadcast of which is seen whether anybody still holds it."""


class QueueBase(Piped):
    """Every topic of the suite is one of these.

    A queue that claims neither `once` nor `each` keeps nothing, and that
    is checked too.
    """

    KIND: ClassVar[Kind] = "queue"
    CAPABILITIES: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "once": "what it keeps while nobody is there goes to one newcomer",
            "each": "what it keeps goes to each newcomer",
            "messages": "it keeps no more than so many messages",
            "bytes": "it keeps no more than so many bytes",
            "age": "it lets go what is older than so many seconds",
        }
    )

    def is_keeping(self) -> bool:
        """Whether it claims to keep anything."""
        return bool({"once", "each"} & set(self.capabilities))

    def need_keeping(self) -> None:
        """Skip the check where the queue keeps nothing."""
        if not self.is_keeping():
            self.need("once")

    @pytest.fixture
    def fresh(self, section: Mapping[str, Any], pipes: Pipes) -> MakeQueue:
        """Makes queues as servers get them, each of a plugin of its own."""

        def make() -> Queue:
            plugin = self.make(section)
            return cast("Queue", ask(plugin, "queue", pipes.context("server")))

        return make

    @pytest.fixture
    def queue(self, fresh: MakeQueue) -> Queue:
        """One queue, empty."""
        return fresh()


def broadcasts(
    number: int,
    *,
    size: int = len(BODY),
    first: int = 1,
    at: float = NOW,
    body: bytes | None = None,
) -> list[Kept]:
    """So many, numbered from `first`. Their bytes are one object, so that a
    flood of them takes no room of its own."""
    whole = (b"x" * size if body is None else body,)
    numbers = count(first)
    return [Kept(next(numbers), whole, size, at) for _ in range(number)]


def offer(queue: Queue, items: Iterable[Kept], joined: int = 0) -> int:
    """Offer all of `items`; how many the queue says were lost."""
    lost = 0
    for item in items:
        said: object = queue.offer(item, joined)
        assert type(said) is int, (
            f"offer must return how many were lost, an int; found {said!r}"
        )
        assert said >= 0, f"offer says that {said} were lost"
        lost += said
    return lost


def preface(
    queue: Queue,
    *,
    joined: int = 0,
    since: int | None = None,
    now: float = NOW,
) -> list[Kept]:
    """What a newcomer is given, as a list of the kit's own."""
    given: object = queue.preface(joined, since, now)
    assert isinstance(given, Sequence), (
        f"preface must return a sequence of Kept; found {given!r:.200}"
    )
    assert all(isinstance(item, Kept) for item in given), (
        f"preface must return what was offered; found {given!r:.200}"
    )
    return list(given)


def hand(queue: Queue, items: Iterable[Kept]) -> None:
    """All of `items` are in the kernel."""
    for item in items:
        queue.handed(item)


def drain(queue: Queue, now: float = NOW) -> list[int]:
    """The numbers of what a newcomer is given, and gets."""
    given = preface(queue, now=now)
    hand(queue, given)
    return seqs(given)


def seqs(items: Iterable[Kept]) -> list[int]:
    """Their numbers."""
    return [item.seq for item in items]


def expect(what: str, found: object, expected: object) -> None:
    """Fail in words unless they are equal."""
    assert found == expected, f"{what}: expected {expected}, found {found}"
