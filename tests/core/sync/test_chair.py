"""Who reads for all, and who waits meanwhile."""

from __future__ import annotations

import random
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from peers import Call

from plugwire.sync.chair import Chair
from plugwire.sync.turns import Turn


class Bench:
    """A link, as far as a chair knows it."""

    def __init__(self) -> None:
        self.users: set[int] = set()

    def leave(self) -> None:
        self.users.remove(threading.get_ident())


def test_one_sits_and_is_a_user_of_the_link() -> None:
    chair, link = Chair(), Bench()
    chair.sit(link)
    assert chair.is_mine
    assert Call(lambda: chair.is_taken).result()
    assert not Call(lambda: chair.is_mine).result()
    assert link.users == {threading.get_ident()}
    chair.leave()
    assert not chair.is_mine
    assert not Call(lambda: chair.is_taken).result()
    assert link.users == set()
    chair.sit(None)  # where there is no link yet
    chair.leave()


def test_who_never_left_sits_down_anew() -> None:
    """As after two interruptions, of which the second hit the leaving."""
    chair, first, second = Chair(), Bench(), Bench()
    chair.sit(first)
    assert not chair.is_taken
    chair.sit(second)
    assert first.users == set()
    assert second.users == {threading.get_ident()}


def test_leaving_that_was_interrupted_is_done_again() -> None:
    class Hit(Bench):
        def leave(self) -> None:
            super().leave()
            self.leave = lambda: None
            raise KeyboardInterrupt

    chair, link = Chair(), Hit()
    chair.sit(link)
    with pytest.raises(KeyboardInterrupt):
        chair.leave()
    assert chair.is_mine
    chair.leave()
    assert chair.sitter == 0
    assert link.users == set()


def test_they_are_woken_in_the_order_in_which_they_came() -> None:
    chair, turns = Chair(), [Turn(), Turn(), Turn()]
    for turn in turns:
        chair.queue(chair.receivers, turn)
    chair.wake_one(chair.receivers)
    assert [turn.woken for turn in turns] == [True, False, False]
    chair.wake_one(chair.receivers)
    assert [turn.woken for turn in turns] == [True, True, False]
    chair.wake_one(chair.others)  # nobody
    chair.wake_all()
    assert turns[2].woken
    assert not chair.receivers


def test_one_of_the_others_may_be_woken_out_of_order() -> None:
    chair, turns = Chair(), [Turn(), Turn()]
    for turn in turns:
        chair.queue(chair.others, turn)
    chair.wake(turns[1])
    chair.wake(turns[1])  # it waits no more
    assert [turn.woken for turn in turns] == [False, True]
    assert list(chair.others) == turns[:1]


def test_a_wake_up_goes_to_the_next_where_an_interruption_left_one() -> None:
    chair, turns = Chair(), [Turn(), Turn()]
    for turn in turns:
        chair.queue(chair.others, turn)
    turns[0].wake()  # and the interruption came before it left its queue
    chair.wake_one(chair.others)
    assert turns[1].woken
    assert not chair.others


def test_nobody_is_forgotten_by_a_wake_up_that_was_interrupted() -> None:
    class Hit(Turn):
        def wake(self) -> None:
            raise KeyboardInterrupt

    chair, turn = Chair(), Hit()
    chair.queue(chair.receivers, turn)
    for wake in (chair.wake_all, lambda: chair.wake_one(chair.receivers)):
        with pytest.raises(KeyboardInterrupt):
            wake()
        assert list(chair.receivers) == [turn]


def test_who_was_not_woken_leaves_its_queue() -> None:
    chair, turn = Chair(), Turn()
    chair.queue(chair.receivers, turn)
    chair.wait(chair.receivers, turn, 0.0)
    assert not turn.woken
    assert not chair.receivers
    chair.queue(chair.receivers, turn)
    chair.wake_one(chair.receivers)
    chair.wait(chair.receivers, turn, None)
    assert turn.woken


def test_withdrawing_is_the_calling_threads_alone() -> None:
    chair = Chair()
    own, other = Turn(), Call(Turn).result()
    chair.queue(chair.receivers, own)
    chair.queue(chair.receivers, other)
    chair.queue(chair.others, Turn())
    chair.withdraw()
    assert list(chair.receivers) == [other]
    assert not chair.others


class Shop:
    """As many tickets as are asked for: one who sits makes some for all."""

    def __init__(self, seed: int) -> None:
        self.chair = Chair()
        self.tickets = 0
        self.made = 0
        self.at_work = 0
        self._draw = random.Random(seed)

    def pass_on(self) -> None:
        if self.tickets or not self.chair.is_taken:
            self.chair.wake_one(self.chair.receivers)

    def take(self, patience: float | None) -> bool:
        chair, turn, late = self.chair, Turn(), False
        while True:
            with chair.lock:
                if self.tickets:
                    self.tickets -= 1
                    self.pass_on()
                    return True
                if late:
                    self.pass_on()
                    return False
                sits = not chair.is_taken
                if sits:
                    chair.sit(None)
                else:
                    chair.queue(chair.receivers, turn)
            if sits:
                self.work()
            else:
                chair.wait(chair.receivers, turn, patience)
                late = patience is not None and not turn.woken

    def work(self) -> None:
        self.at_work += 1
        assert self.at_work == 1, "two sit in the chair"
        many = self._draw.randrange(4)
        self.at_work -= 1
        with self.chair.lock:
            self.tickets += many
            self.made += many
            self.chair.leave()
            self.pass_on()

    def customer(self, seed: int, wanted: int) -> int:
        draw, taken = random.Random(seed), 0
        while taken < wanted:
            taken += self.take(draw.choice((None, 0.0)))
        return taken


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32), crowd=st.integers(2, 6))
def test_under_any_schedule_everybody_is_served(seed: int, crowd: int) -> None:
    shop: Any = Shop(seed)
    customers = [Call(shop.customer, seed + at, 50) for at in range(crowd)]
    taken = sum(customer.result() for customer in customers)
    assert taken == 50 * crowd == shop.made - shop.tickets
    assert not shop.chair.receivers
    assert shop.chair.sitter == 0
