"""What the checks of `preface`, `handed`, `returned` and `clear` catch."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from sound_queues import HISTORY, ONCE, Ring, Shelf, plugin

from plugwire.testing import QueueSuite


class Forgetful(Shelf):
    """What it gave is not counted any more."""

    def __len__(self):
        return len(self._wait)


class Waiting(Shelf):
    """It counts what is being handed only."""

    def __len__(self):
        return len(self._out)


class Keeping(Shelf):
    """Nothing ever goes out of it."""

    def handed(self, item): ...


class Generous(Shelf):
    """Two newcomers at once get the same."""

    def preface(self, joined, since, now):
        given = list(self._wait)
        self._out += given
        return given

    def handed(self, item):
        super().handed(item)
        if item in self._wait:
            self._wait.remove(item)


class Losing(Shelf):
    """Who leaves takes all along."""

    def returned(self, items):
        self._out = [item for item in self._out if item not in items]


class Doubling(Ring):
    """What comes back is put in again."""

    def returned(self, items):
        self.items.extendleft(reversed(items))


class Picky(Shelf):
    def returned(self, items):
        assert items, "nothing came back"
        super().returned(items)


class View(Ring):
    """A newcomer is given the very thing that it keeps."""

    def preface(self, joined, since, now):
        self.items = [*self.items]
        return self.items


class Silent(Shelf):
    def clear(self):
        super().clear()
        return 0


class Stubborn(Shelf):
    """What was cleared comes back."""

    def returned(self, items):
        self._out = [item for item in self._out if item not in items]
        self._wait.extendleft(reversed(items))


class Cutting(Shelf):
    """Leaves out the bodies that are None."""

    def offer(self, item, joined):
        bodies = tuple(body for body in item.bodies if body is not None)
        return super().offer(replace(item, bodies=bodies), joined)


class Sloppy(Shelf):
    """Gives back the first only, when several come back."""

    def returned(self, items):
        super().returned(items[:1])
        self._out = [item for item in self._out if item not in items]


@pytest.mark.parametrize(
    ("by", "make", "claims"),
    [
        ("test_what_it_keeps_goes_to_one_or_to_each", Shelf, ()),
        ("test_what_it_keeps_goes_to_one_or_to_each", Ring, ONCE),
        ("test_each_gets_a_history_if_it_says_so", Ring, ("messages",)),
        ("test_each_gets_a_history_if_it_says_so", Shelf, HISTORY),
        ("test_one_gets_all_if_it_says_so", Shelf, ("messages",)),
        ("test_one_gets_all_if_it_says_so", Ring, ONCE),
        ("test_len_counts_what_waits", Waiting, ONCE),
        ("test_len_counts_what_is_being_handed", Forgetful, ONCE),
        ("test_what_is_out_is_let_go", Keeping, ONCE),
        ("test_two_newcomers_at_once_share_nothing", Generous, ONCE),
        ("test_what_came_back_is_kept_again", Losing, ONCE),
        ("test_nothing_given_back_is_doubled", Doubling, HISTORY),
        ("test_nothing_returned_is_nothing", Picky, ONCE),
        ("test_a_preface_is_not_changed_later", View, HISTORY),
        ("test_clear_tells_how_many_waited", Silent, ONCE),
        ("test_what_was_cleared_is_not_kept_again", Stubborn, ONCE),
        ("test_bodies_stay_what_they_were", Cutting, ONCE),
        ("test_the_books_balance_whatever_happens", Sloppy, ONCE),
    ],
)
def test_a_broken_one_is_caught(caught, by, make, claims) -> None:
    assert caught(QueueSuite, plugin(make), by=by, capabilities=claims)
