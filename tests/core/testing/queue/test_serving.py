"""What the checks of whole servers catch."""

from __future__ import annotations

import pytest
from sound_queues import HISTORY, ONCE, Ring, Shelf, plugin

from plugwire.testing import QueueSuite


class Last(Shelf):
    def preface(self, joined, since, now):
        return super().preface(joined, since, now)[::-1]


class Late(Ring):
    """Gives what it keeps but for the newest."""

    def preface(self, joined, since, now):
        return super().preface(joined, since, now)[:-1]


class Once(Ring):
    def preface(self, joined, since, now):
        return [] if joined else super().preface(joined, since, now)


class Losing(Shelf):
    """The count stays, and the order does not."""

    def returned(self, items):
        super().returned(items)
        self._wait.reverse()


class Stubborn(Shelf):
    def clear(self):
        return len(self)


class Silent(Shelf):
    def offer(self, item, joined):
        super().offer(item, joined)
        return 0


JOINS = "test_nothing_is_lost_or_doubled_while_somebody_joins"


@pytest.mark.parametrize(
    ("by", "make", "claims"),
    [
        (
            "test_a_newcomer_gets_what_was_kept_and_then_the_rest",
            Last,
            ONCE,
        ),
        (
            "test_what_a_newcomer_did_not_take_is_for_the_next",
            Losing,
            ONCE,
        ),
        ("test_clear_kept_lets_all_go", Stubborn, ONCE),
        ("test_the_server_counts_what_was_lost", Silent, ONCE),
    ],
)
def test_a_broken_one_is_caught(caught, by, make, claims) -> None:
    assert caught(QueueSuite, plugin(make), by=by, capabilities=claims)


@pytest.mark.parametrize(
    ("by", "make"),
    [(JOINS, Late), ("test_the_second_gets_what_is_promised", Once)],
)
def test_what_never_comes_is_caught(caught, monkeypatch, by, make) -> None:
    monkeypatch.setattr("plugwire.testing.suite.DEADLINE", 1.0)
    said = caught(QueueSuite, plugin(make), by=by, capabilities=HISTORY)
    assert "TimeoutError" in said
