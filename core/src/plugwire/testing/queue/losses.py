"""What was let go unseen is said, once: the server counts it as dropped."""

from __future__ import annotations

from plugwire.interfaces import Kept, Queue
from plugwire.testing.queue.base import (
    FEW,
    NOW,
    QueueBase,
    broadcasts,
    drain,
    expect,
    hand,
    offer,
    preface,
)
from plugwire.testing.queue.bounds import FLOOD, KILOBYTE, LARGE, YEARS


class Losses(QueueBase):
    """Offered = handed over + kept + lost."""

    def test_what_fits_is_no_loss(self, queue: Queue) -> None:
        """A number that nobody can explain is worse than none."""
        expect("lost of a few", offer(queue, broadcasts(FEW)), 0)
        drain(queue)
        more = broadcasts(FEW, first=FEW + 1)
        expect("lost of a few more", offer(queue, more), 0)

    def test_what_others_heard_is_no_loss(self, queue: Queue) -> None:
        """It went out to somebody."""
        lost = offer(queue, broadcasts(FLOOD // 10, size=KILOBYTE), 3)
        expect("lost of what three clients heard", lost, 0)

    def test_a_flood_is_counted_exactly(self, queue: Queue) -> None:
        """Each that was let go unseen, and each once. A history lets go of
        what is past: that is its purpose, and no loss."""
        lost = offer(queue, broadcasts(FLOOD // 10, size=KILOBYTE))
        left = len(queue)
        if "once" in self.capabilities:
            expect("lost + kept", lost + left, FLOOD // 10)
        else:
            assert lost <= FLOOD // 10 - left, (
                f"{FLOOD // 10} were offered, {left} are kept, and {lost} "
                "are said to be lost"
            )
        expect("what is kept is given", len(drain(queue)), left)

    def test_what_was_handed_is_no_loss(self, queue: Queue) -> None:
        """It made its own room."""
        self.need("once")
        lost = 0
        for turn in range(200):
            lost += offer(queue, broadcasts(FEW, first=turn * FEW + 1))
            drain(queue)
        expect("lost while everything was handed over", lost, 0)

    def test_what_was_cleared_is_no_loss(self, queue: Queue) -> None:
        """The program let it go, and was told how many."""
        self.need_keeping()
        offer(queue, broadcasts(FEW))
        given = preface(queue)
        queue.clear()
        queue.returned(given)
        lost = offer(queue, broadcasts(FEW, first=FEW + 1))
        expect("lost after clear", lost, 0)
        expect("len after clear", len(queue), FEW)

    def test_what_came_back_and_had_no_room_is_counted(
        self, queue: Queue
    ) -> None:
        """While a newcomer held them the queue has filled up again: one way
        or the other, the sum has to be right."""
        self.need("once")
        total = FLOOD // 10
        lost = offer(queue, broadcasts(total, size=KILOBYTE))
        given = preface(queue)
        hand(queue, given[:1])
        lost += offer(queue, broadcasts(total, size=KILOBYTE, first=total + 1))
        queue.returned(given[1:])
        lost += offer(queue, broadcasts(1, size=KILOBYTE, first=2 * total + 1))
        expect("handed + lost + kept", 1 + lost + len(queue), 2 * total + 1)

    def test_one_that_can_never_fit_harms_nothing(self, queue: Queue) -> None:
        """A message as large as any may be is kept, or lost and counted;
        what is offered next is kept as ever."""
        lost = offer(queue, broadcasts(1, size=LARGE))
        expected = 1 if "once" in self.capabilities else len(queue)
        expect("lost + kept of one large", lost + len(queue), expected)
        queue.clear()
        offer(queue, [Kept(2, (b"x",), 1, NOW)])
        if self.is_keeping():
            expect("what a newcomer gets after it", drain(queue), [2])

    def test_what_has_aged_is_counted(self, queue: Queue) -> None:
        """It was let go unseen; the next `offer` says so."""
        self.need("age")
        offer(queue, broadcasts(FEW, at=NOW))
        expect("given ten years later", preface(queue, now=NOW + YEARS), [])
        last = broadcasts(1, first=FEW + 1, at=NOW + YEARS)
        lost = offer(queue, last)
        if "once" in self.capabilities:
            expect("lost of what has aged", lost, FEW)
        else:
            assert lost <= FEW, f"{lost} lost of {FEW}"
        expect("lost again", offer(queue, broadcasts(1, first=FEW + 2,
               at=NOW + YEARS)), 0)  # fmt: skip
