"""What the checks of the bounds catch."""

from __future__ import annotations

from collections import deque

import pytest
from sound_queues import HISTORY, ONCE, Ring, Shelf, plugin

from plugwire.testing import QueueSuite


class Endless(Ring):
    def __init__(self):
        self.items = deque()


class Leaking(Shelf):
    """Writes everything down, and never looks at it."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def offer(self, item, joined):
        self.seen.append(item)
        return super().offer(item, joined)


class Hands(Shelf):
    """Does not let go of what went out."""

    def __init__(self):
        super().__init__()
        self.gone = []

    def handed(self, item):
        self.gone.append(item)
        super().handed(item)


class Oldest(Shelf):
    """Full is full: the newest is let go."""

    def offer(self, item, joined):
        if len(self) >= 1000:
            return 1
        return super().offer(item, joined)


class Holes(Shelf):
    """Lets every other one go."""

    def offer(self, item, joined):
        return 1 if item.seq % 2 else super().offer(item, joined)


class Unheld(Shelf):
    """What is being handed has no bound."""

    def offer(self, item, joined):
        if joined:
            return 0
        self._wait.append(item)
        if len(self._wait) <= 1000:
            return 0
        self._wait.popleft()
        return 1


class Ageing(Shelf):
    """Lets go of all once one of it is old."""

    def preface(self, joined, since, now):
        if self._wait and now - self._wait[0].at > 60:
            self._wait.clear()
        return super().preface(joined, since, now)


AGE = (*ONCE, "age")


@pytest.mark.parametrize(
    ("by", "make", "claims"),
    [
        ("test_a_flood_is_bounded", Endless, ("each",)),
        ("test_messages_are_bounded_if_it_says_so", Endless, HISTORY),
        ("test_messages_are_bounded_if_it_says_so", Shelf, ("once",)),
        ("test_bytes_are_bounded_if_it_says_so", Shelf, (*ONCE, "bytes")),
        ("test_age_is_bounded_if_it_says_so", Shelf, AGE),
        ("test_age_is_bounded_if_it_says_so", Ageing, ONCE),
        ("test_what_is_young_enough_is_given", Ageing, AGE),
        ("test_age_is_heeded_while_nobody_comes", Ageing, AGE),
        ("test_what_is_let_go_is_let_go", Leaking, ONCE),
        ("test_what_was_handed_is_not_held", Hands, ONCE),
        ("test_the_newest_are_kept_without_a_hole", Oldest, ONCE),
        ("test_the_newest_are_kept_without_a_hole", Holes, ONCE),
        ("test_it_is_bounded_while_it_hands_over", Unheld, ONCE),
    ],
)
def test_a_broken_one_is_caught(caught, by, make, claims) -> None:
    assert caught(QueueSuite, plugin(make), by=by, capabilities=claims)
