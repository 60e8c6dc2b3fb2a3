"""In what order, and what a newcomer has seen already."""

from __future__ import annotations

from plugwire.interfaces import Queue
from plugwire.testing.queue.base import (
    FEW,
    QueueBase,
    broadcasts,
    drain,
    expect,
    hand,
    offer,
    preface,
    seqs,
)


class Ordering(QueueBase):
    """One order for all: that in which it was said."""

    def test_a_newcomer_gets_the_order_of_broadcast(
        self, queue: Queue
    ) -> None:
        """Messages mean what they mean in the order they were said in."""
        self.need_keeping()
        for first in (1, 4, 6):
            offer(queue, broadcasts(2, first=first))
        expect("order", drain(queue), [1, 2, 4, 5, 6, 7])

    def test_what_came_back_is_in_front(self, queue: Queue) -> None:
        """It is older than all that was said since."""
        self.need("once")
        offer(queue, broadcasts(FEW))
        given = preface(queue)
        offer(queue, broadcasts(2, first=FEW + 1))
        hand(queue, given[:1])
        queue.returned(given[1:])
        expect("order", drain(queue), [*range(2, FEW + 3)])

    def test_two_who_leave_keep_the_order(self, queue: Queue) -> None:
        """Whoever leaves first, what they had stands in its old place."""
        self.need("once")
        for turn in (0, 1):
            offer(queue, broadcasts(3, first=1))
            one = preface(queue)
            offer(queue, broadcasts(3, first=4))
            other = preface(queue)
            for given in (one, other) if turn else (other, one):
                queue.returned(given)
            expect("order", drain(queue), [1, 2, 3, 4, 5, 6])

    def test_what_was_seen_is_not_given(self, queue: Queue) -> None:
        """A client that comes back tells the last number that it has: no
        message twice."""
        self.need_keeping()
        offer(queue, broadcasts(FEW))
        given = preface(queue, since=3)
        expect("what a client gets that has seen 3", seqs(given),
               [*range(4, FEW + 1)])  # fmt: skip
        hand(queue, given)

    def test_who_has_seen_all_is_given_nothing(self, queue: Queue) -> None:
        """Nor what is older than all that is kept."""
        self.need_keeping()
        offer(queue, broadcasts(FEW))
        for since in (FEW, FEW + 1, 10**9):
            expect(f"what a client gets that has seen {since}",
                   seqs(preface(queue, since=since)), [])  # fmt: skip

    def test_who_has_seen_nothing_is_given_all(self, queue: Queue) -> None:
        """0 is a number like any other: nothing of this start was seen."""
        self.need_keeping()
        offer(queue, broadcasts(FEW))
        given = preface(queue, since=0)
        expect("what a client gets that has seen 0", seqs(given),
               [*range(1, FEW + 1)])  # fmt: skip

    def test_what_one_has_seen_waits_for_the_next(self, queue: Queue) -> None:
        """It has passed these; somebody else has not."""
        self.need_keeping()
        offer(queue, broadcasts(FEW))
        given = preface(queue, since=2)
        queue.returned(given)
        expect("what the next one gets", drain(queue), [*range(1, FEW + 1)])

    def test_who_is_there_already_makes_no_difference(
        self, queue: Queue
    ) -> None:
        """What was kept is for the newcomer, whoever came before it."""
        self.need_keeping()
        offer(queue, broadcasts(FEW))
        given = preface(queue, joined=3)
        expect("what the fourth client gets", seqs(given),
               [*range(1, FEW + 1)])  # fmt: skip
        hand(queue, given)
