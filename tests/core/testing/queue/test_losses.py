"""What the checks of the losses catch."""

from __future__ import annotations

import pytest
from sound_queues import ONCE, Shelf, plugin

from plugwire.testing import QueueSuite


class Silent(Shelf):
    """Never says what it let go."""

    def offer(self, item, joined):
        super().offer(item, joined)
        return 0


class Twice(Shelf):
    """Says it twice."""

    def offer(self, item, joined):
        return 2 * super().offer(item, joined)


class Anxious(Shelf):
    """What is not kept is lost, whoever heard it."""

    def offer(self, item, joined):
        return 1 if joined else super().offer(item, joined)


class Handing(Shelf):
    """What went out is a loss."""

    out = 0

    def handed(self, item):
        super().handed(item)
        self.out += 1

    def offer(self, item, joined):
        out, self.out = self.out, 0
        return out + super().offer(item, joined)


class Clearing(Shelf):
    """What the program let go is a loss."""

    cleared = 0

    def clear(self):
        self.cleared += len(self)
        return super().clear()

    def offer(self, item, joined):
        cleared, self.cleared = self.cleared, 0
        return cleared + super().offer(item, joined)


class Dropping(Shelf):
    """What comes back to a full queue goes without a word."""

    def returned(self, items):
        if len(self) < 1000:
            super().returned(items)
        else:
            self._out = [item for item in self._out if item not in items]


class Breaking(Shelf):
    """Cannot take a large one."""

    def offer(self, item, joined):
        assert item.size < 1 << 20
        return super().offer(item, joined)


class Ageing(Shelf):
    """What is too old goes without a word."""

    def _age(self, now):
        while self._wait and now - self._wait[0].at > 60:
            self._wait.popleft()

    def offer(self, item, joined):
        self._age(item.at)
        return super().offer(item, joined)

    def preface(self, joined, since, now):
        self._age(now)
        return super().preface(joined, since, now)


@pytest.mark.parametrize(
    ("by", "make"),
    [
        ("test_what_fits_is_no_loss", Handing),
        ("test_what_others_heard_is_no_loss", Anxious),
        ("test_a_flood_is_counted_exactly", Silent),
        ("test_a_flood_is_counted_exactly", Twice),
        ("test_what_was_handed_is_no_loss", Handing),
        ("test_what_was_cleared_is_no_loss", Clearing),
        ("test_what_came_back_and_had_no_room_is_counted", Dropping),
        ("test_one_that_can_never_fit_harms_nothing", Breaking),
    ],
)
def test_a_broken_one_is_caught(caught, by, make) -> None:
    assert caught(QueueSuite, plugin(make), by=by, capabilities=ONCE)


def test_one_that_ages_without_a_word_is_caught(caught) -> None:
    by, claims = "test_what_has_aged_is_counted", (*ONCE, "age")
    assert caught(QueueSuite, plugin(Ageing), by=by, capabilities=claims)
