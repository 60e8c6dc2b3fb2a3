"""From `preface` to `handed` or `returned`: each item once, none forgotten."""

from __future__ import annotations

import random

import pytest

from plugwire.interfaces import Kept, Queue
from plugwire.testing.queue.base import (
    FEW,
    MakeQueue,
    QueueBase,
    broadcasts,
    drain,
    expect,
    hand,
    offer,
    preface,
    seqs,
)

STEPS = 400


class Handing(QueueBase):
    """The books of a queue."""

    def test_what_it_keeps_goes_to_one_or_to_each(self, queue: Queue) -> None:
        """`once` and `each` are two promises to the user, and a third is
        to keep nothing: which one is it?"""
        offer(queue, broadcasts(FEW))
        first, second = drain(queue), drain(queue)
        expected = [*range(1, FEW + 1)] if self.is_keeping() else []
        expect("what the first newcomer gets", first, expected)
        if "each" not in self.capabilities:
            expect("what the second newcomer gets", second, [])

    def test_each_gets_a_history_if_it_says_so(self, queue: Queue) -> None:
        """Claimed: every newcomer gets the recent past."""
        offer(queue, broadcasts(FEW))
        first, second = drain(queue), drain(queue)
        self.claimed(
            "each",
            present=bool(second),
            shown=f"the first newcomer got {first}, the second {second}",
        )

    def test_one_gets_all_if_it_says_so(self, queue: Queue) -> None:
        """Claimed: nothing is handed over twice."""
        offer(queue, broadcasts(FEW))
        first, second = drain(queue), drain(queue)
        self.claimed(
            "once",
            present=bool(first) and not second,
            shown=f"the first newcomer got {first}, the second {second}",
        )

    def test_len_counts_what_waits(self, queue: Queue) -> None:
        """`Server.kept` tells it to the program."""
        self.need_keeping()
        for number, item in enumerate(broadcasts(FEW), 1):
            offer(queue, [item])
            expect("len", len(queue), number)

    def test_len_counts_what_is_being_handed(self, queue: Queue) -> None:
        """What is on its way may come back, and has its room until then."""
        self.need_keeping()
        offer(queue, broadcasts(FEW))
        given = preface(queue)
        expect("len while all are being handed", len(queue), FEW)
        hand(queue, given[:2])
        if "once" in self.capabilities:
            expect("len after two are out", len(queue), FEW - 2)

    def test_what_is_out_is_let_go(self, queue: Queue) -> None:
        """One client has it: keeping it longer is a leak."""
        self.need("once")
        offer(queue, broadcasts(FEW))
        drain(queue)
        expect("len after all are out", len(queue), 0)
        expect("clear after all are out", queue.clear(), 0)

    def test_two_newcomers_at_once_share_nothing(self, queue: Queue) -> None:
        """While one is being given an item nobody else is, though neither
        has it yet."""
        self.need("once")
        offer(queue, broadcasts(FEW))
        one = preface(queue)
        offer(queue, broadcasts(1, first=FEW + 1))
        other = preface(queue)
        expect("what the first is given", seqs(one), [*range(1, FEW + 1)])
        expect("what the second is given", seqs(other), [FEW + 1])

    def test_what_came_back_is_kept_again(self, queue: Queue) -> None:
        """The newcomer has gone before it had them: nobody saw them, and
        the next one must get all."""
        self.need_keeping()
        offer(queue, broadcasts(FEW))
        given = preface(queue)
        hand(queue, given[:2])
        queue.returned(given[2:])
        start = 3 if "once" in self.capabilities else 1
        expected = [*range(start, FEW + 1)]
        expect("len after some came back", len(queue), len(expected))
        expect("what the next one gets", drain(queue), expected)

    def test_nothing_given_back_is_doubled(self, queue: Queue) -> None:
        """A history never took them out: it must not put them in again."""
        self.need_keeping()
        offer(queue, broadcasts(FEW))
        for _ in range(3):
            queue.returned(preface(queue))
        expect("len after three who left", len(queue), FEW)
        expect("what the next one gets", drain(queue), [*range(1, FEW + 1)])

    def test_nothing_returned_is_nothing(self, queue: Queue) -> None:
        """An empty list comes back from who was given nothing."""
        queue.returned([])
        queue.returned(())
        expect("len", len(queue), 0)

    def test_a_preface_is_not_changed_later(self, queue: Queue) -> None:
        """The server hands it out slowly, while more is offered: it must be
        the newcomer's own, not a view."""
        self.need_keeping()
        offer(queue, broadcasts(FEW))
        given = queue.preface(0, None, 1000.0)
        before = seqs(given)
        offer(queue, broadcasts(FEW, first=FEW + 1))
        preface(queue)
        queue.clear()
        expect("the first newcomer's preface", seqs(given), before)

    def test_clear_tells_how_many_waited(self, queue: Queue) -> None:
        """`Server.clear_kept` tells it to the program."""
        self.need_keeping()
        offer(queue, broadcasts(FEW))
        expect("clear", queue.clear(), FEW)
        expect("len after clear", len(queue), 0)
        expect("what a newcomer gets after clear", drain(queue), [])

    @pytest.mark.parametrize("left", [True, False])
    def test_what_was_cleared_is_not_kept_again(
        self, queue: Queue, left: bool
    ) -> None:
        """What is in hand goes on to its newcomer; if that one leaves, it
        is gone, for the program said so."""
        self.need_keeping()
        offer(queue, broadcasts(FEW))
        given = preface(queue)
        queue.clear()
        expect("len after clear", len(queue), 0)
        if left:
            queue.returned(given)
        else:
            hand(queue, given)
        expect("len after what was in hand", len(queue), 0)
        expect("what the next one gets", drain(queue), [])

    def test_bodies_stay_what_they_were(self, queue: Queue) -> None:
        """A broadcast has one body for each codec of the server, None where
        that codec could not carry it: hand over all of them, untouched."""
        self.need_keeping()
        items = [
            Kept(1, (b"one", None), 3, 1000.0),
            Kept(2, (None, b"two"), 3, 1000.0),
            Kept(3, (b"three", b"drei"), 9, 1000.0),
        ]
        bodies = [item.bodies for item in items]
        offer(queue, items)
        given = preface(queue)
        expect("bodies", [item.bodies for item in given], bodies)
        hand(queue, given)

    @pytest.mark.parametrize("seed", range(10))
    def test_the_books_balance_whatever_happens(
        self, fresh: MakeQueue, seed: int
    ) -> None:
        """Newcomers come, leave and are cut in any order: what was offered
        is handed over, lost, cleared or still there, and each once."""
        self.need("once")
        dice = random.Random(seed)
        queue = fresh()
        hands: list[list[Kept]] = []
        offered = gone = 0
        seen: set[int] = set()
        for _ in range(STEPS):
            act = dice.choice("oooopphhr")
            if act == "o":
                offered += 1
                gone += offer(queue, broadcasts(1, first=offered))
            elif act == "p":
                hands.append(preface(queue))
            elif hands:
                one = hands.pop(dice.randrange(len(hands)))
                cut = dice.randint(0, len(one)) if act == "r" else len(one)
                again = seen & set(seqs(one[:cut]))
                expect("handed over twice", sorted(again), [])
                seen |= set(seqs(one[:cut]))
                hand(queue, one[:cut])
                queue.returned(one[cut:])
            expect(
                "offered = handed + lost + kept",
                len(seen) + gone + len(queue),
                offered,
            )
        for one in hands:
            hand(queue, one)
            seen |= set(seqs(one))
        rest = drain(queue)
        expect("len at the end", len(queue), 0)
        expect("all of them", len(seen) + len(rest) + gone, offered)
