"""What the checks of histories catch."""

from __future__ import annotations

import pytest
from sound_queues import HISTORY, ONCE, Ring, Shelf, plugin

from plugwire.testing import QueueSuite


class Unheard(Ring):
    """Keeps only what nobody heard."""

    def offer(self, item, joined):
        return 0 if joined else super().offer(item, joined)


class Moving(Ring):
    """The second newcomer gets what the first was not given."""

    given = 0

    def preface(self, joined, since, now):
        rest = list(self.items)[self.given if joined else 0 :]
        self.given = len(self.items)
        return rest


class Closed(Ring):
    """Once somebody had it, nothing more is kept."""

    done = False

    def handed(self, item):
        self.done = True

    def offer(self, item, joined):
        return 0 if self.done else super().offer(item, joined)


class Mixed(Shelf):
    """Keeps for others what somebody heard."""

    def offer(self, item, joined):
        return super().offer(item, 0)


@pytest.mark.parametrize(
    ("by", "make", "claims"),
    [
        ("test_a_history_keeps_what_others_heard", Unheard, HISTORY),
        ("test_a_history_is_the_same_for_all", Moving, HISTORY),
        ("test_a_history_goes_on", Closed, HISTORY),
        ("test_what_goes_to_one_is_not_kept_for_others", Mixed, ONCE),
    ],
)
def test_a_broken_one_is_caught(caught, by, make, claims) -> None:
    assert caught(QueueSuite, plugin(make), by=by, capabilities=claims)
