"""What the checks of the hook and of `wants` catch."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sound_queues import ONCE, Shelf, Void, plugin

from plugwire import hookimpl
from plugwire.interfaces import Kept
from plugwire.testing import QueueSuite


class Half:
    def wants(self, joined):
        return True


class Full(Shelf):
    def __init__(self):
        super().__init__()
        super().offer(Kept(1, (b"x",), 1, 0.0), 0)


ONE = Shelf()


def shared():
    return ONE


def reading():
    Path(__file__).read_bytes()
    return Shelf()


class Journal(Shelf):
    def offer(self, item, joined):
        with Path("/dev/null").open("ab") as journal:
            journal.write(item.bodies[0])
        return super().offer(item, joined)


class Yes(Shelf):
    def wants(self, joined):
        return "yes"


class Greedy(Void):
    def wants(self, joined):
        return True


class Shy(Shelf):
    def wants(self, joined):
        return False


class Counting(Shelf):
    asked = 0

    def wants(self, joined):
        self.asked += 1
        return self.asked < 100


class Bound(Shelf):
    def __init__(self):
        super().__init__()
        self.thread = threading.get_ident()

    def wants(self, joined):
        assert self.thread == threading.get_ident()
        return joined == 0


class Hoard(Shelf):
    def offer(self, item, joined):
        return super().offer(item, 0)


@pytest.mark.parametrize(
    ("by", "make", "claims"),
    [
        ("test_a_server_is_composed_with_it", Half, ONCE),
        ("test_it_begins_empty", Full, ONCE),
        ("test_servers_do_not_share_it", shared, ONCE),
        ("test_making_it_does_no_input_or_output", reading, ONCE),
        ("test_keeping_does_no_input_or_output", Journal, ONCE),
        ("test_wants_says_yes_or_no", Yes, ONCE),
        ("test_wants_goes_by_the_claim", Greedy, ()),
        ("test_wants_goes_by_the_claim", Shy, ONCE),
        ("test_wants_changes_nothing", Counting, ONCE),
        ("test_wants_may_be_asked_from_any_thread", Bound, ONCE),
        ("test_what_it_does_not_want_it_does_not_keep", Hoard, ONCE),
    ],
)
def test_a_broken_one_is_caught(caught, by, make, claims) -> None:
    assert caught(QueueSuite, plugin(make), by=by, capabilities=claims)


def test_a_plugin_of_two_kinds_is_caught(caught) -> None:
    class Both:
        @hookimpl
        def queue(self):
            return Shelf()

        @hookimpl
        def wrap(self, layers):
            return layers

    by = "test_it_answers_queue_and_no_other_hook"
    assert "wrap" in caught(QueueSuite, Both, by=by, capabilities=ONCE)
