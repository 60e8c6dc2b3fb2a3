"""A queue that is a history: the recent past, for each who comes."""

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


class Histories(QueueBase):
    """What only a history does, and what it must not."""

    def test_a_history_keeps_what_others_heard(self, queue: Queue) -> None:
        """A newcomer was not there, whoever else was."""
        self.need("each")
        offer(queue, broadcasts(2), 0)
        offer(queue, broadcasts(2, first=3), 7)
        expect("what a newcomer gets", drain(queue), [1, 2, 3, 4])

    def test_a_history_is_the_same_for_all(self, queue: Queue) -> None:
        """Whoever else is being given it, and however far they are."""
        self.need("each")
        offer(queue, broadcasts(FEW))
        one, other = preface(queue), preface(queue, joined=1)
        hand(queue, one[:2])
        queue.returned(other)
        third = preface(queue, joined=2)
        hand(queue, one[2:])
        whole = [*range(1, FEW + 1)]
        expect("three newcomers", [*map(seqs, (one, other, third))],
               [whole] * 3)  # fmt: skip
        expect("len", len(queue), FEW)

    def test_a_history_goes_on(self, queue: Queue) -> None:
        """Somebody has taken it, and more is said: the next one gets all."""
        self.need("each")
        offer(queue, broadcasts(FEW))
        drain(queue)
        offer(queue, broadcasts(FEW, first=FEW + 1), 1)
        expect("what the next one gets", drain(queue),
               [*range(1, 2 * FEW + 1)])  # fmt: skip

    def test_what_goes_to_one_is_not_kept_for_others(
        self, queue: Queue
    ) -> None:
        """A queue that is no history keeps nothing that somebody heard: it
        would come twice, or out of its time."""
        if "each" in self.capabilities:
            return
        offer(queue, broadcasts(FEW), 1)
        expect("len after broadcasts that one client heard", len(queue), 0)
