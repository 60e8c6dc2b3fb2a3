"""What the checks of the order catch."""

from __future__ import annotations

import pytest
from sound_queues import ONCE, Shelf, plugin

from plugwire.testing import QueueSuite


class Last(Shelf):
    """The last first."""

    def preface(self, joined, since, now):
        return super().preface(joined, since, now)[::-1]


class Behind(Shelf):
    """What comes back is put at the end."""

    def returned(self, items):
        back = [item for item in items if item in self._out]
        self._out = [item for item in self._out if item not in back]
        self._wait.extend(back)


class Front(Behind):
    """What comes back is put in front, whatever is older."""

    def returned(self, items):
        back = [item for item in items if item in self._out]
        self._out = [item for item in self._out if item not in back]
        self._wait.extendleft(reversed(back))


class Deaf(Shelf):
    """What was seen is given again."""

    def preface(self, joined, since, now):
        return super().preface(joined, None, now)


class Truthy(Shelf):
    """0 is none of its numbers."""

    def preface(self, joined, since, now):
        if since == 0:
            return ()
        return super().preface(joined, since, now)


class Passing(Shelf):
    """What one has seen nobody else gets."""

    def preface(self, joined, since, now):
        given = super().preface(joined, since, now)
        self._wait.clear()
        return given


class First(Shelf):
    """Gives nothing where somebody is there already."""

    def preface(self, joined, since, now):
        return () if joined else super().preface(joined, since, now)


@pytest.mark.parametrize(
    ("by", "make"),
    [
        ("test_a_newcomer_gets_the_order_of_broadcast", Last),
        ("test_what_came_back_is_in_front", Behind),
        ("test_two_who_leave_keep_the_order", Front),
        ("test_what_was_seen_is_not_given", Deaf),
        ("test_who_has_seen_all_is_given_nothing", Deaf),
        ("test_who_has_seen_nothing_is_given_all", Truthy),
        ("test_what_one_has_seen_waits_for_the_next", Passing),
        ("test_who_is_there_already_makes_no_difference", First),
    ],
)
def test_a_broken_one_is_caught(caught, by, make) -> None:
    assert caught(QueueSuite, plugin(make), by=by, capabilities=ONCE)
