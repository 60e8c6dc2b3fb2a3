"""Queues that keep every promise pass, whatever they are."""

from __future__ import annotations

import pytest
from sound_queues import HISTORY, ONCE, Ring, Shelf, Void, plugin

from plugwire.interfaces import Kept
from plugwire.testing import QueueSuite
from plugwire.testing.queue.base import broadcasts, offer, preface, seqs


@pytest.mark.parametrize(
    ("queue", "claims"), [(Shelf, ONCE), (Ring, HISTORY), (Void, ())]
)
def test_a_sound_one_fails_no_check(verdicts, queue, claims) -> None:
    ended = verdicts(QueueSuite, plugin(queue), capabilities=claims)
    failed = {k: v for k, v in ended.items() if v.startswith("failed")}
    assert failed == {}
    passed = [k for k, v in ended.items() if v == "passed"]
    assert len(passed) >= 20


def test_a_flood_is_of_one_body() -> None:
    items = broadcasts(3, size=10, first=5, at=7.0)
    assert seqs(items) == [5, 6, 7]
    assert len({id(item.bodies) for item in items}) == 1
    assert {(item.size, item.at) for item in items} == {(10, 7.0)}


@pytest.mark.parametrize("said", [None, True, -1, "1"])
def test_an_offer_that_counts_in_other_ways_is_seen(said) -> None:
    class Odd(Shelf):
        def offer(self, item, joined):
            return said

    with pytest.raises(AssertionError):
        offer(Odd(), broadcasts(1))


@pytest.mark.parametrize("said", [None, {1}, [1], ["one"]])
def test_a_preface_of_something_else_is_seen(said) -> None:
    class Odd(Shelf):
        def preface(self, joined, since, now):
            return said

    with pytest.raises(AssertionError):
        preface(Odd())


def test_a_preface_is_copied() -> None:
    queue = Ring()
    queue.offer(Kept(1, (b"x",), 1, 0.0), 0)
    assert seqs(preface(queue)) == [1]
