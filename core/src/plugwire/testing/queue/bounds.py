"""Nobody comes for a long time: what is kept must not grow for ever."""

from __future__ import annotations

import gc
import weakref

from plugwire.framing import MAX_MESSAGE_BYTES
from plugwire.interfaces import Queue
from plugwire.testing.queue.base import (
    NOW,
    MakeQueue,
    QueueBase,
    Tracked,
    broadcasts,
    drain,
    expect,
    hand,
    offer,
    preface,
    seqs,
)

FLOOD = 100_000
"""Broadcasts of an afternoon on which nobody came."""
KILOBYTE = 1024
LARGE = MAX_MESSAGE_BYTES
"""Bytes of the largest message that any server sends."""
YEARS = 10 * 365 * 86400.0
"""Ten, in seconds: older than anyone wants to hear."""


class Bounds(QueueBase):
    """A flood; every bound is seen by what is left of it."""

    def _left(self, queue: Queue, size: int, number: int) -> int:
        offer(queue, broadcasts(number, size=size))
        return len(queue)

    def test_a_flood_is_bounded(self, queue: Queue) -> None:
        """A server that nobody visits must live for years: by default, too,
        something has to let go."""
        left = self._left(queue, KILOBYTE, FLOOD)
        assert left < FLOOD, (
            f"all of {FLOOD} messages of 1 KiB are kept; bound them in "
            "messages or bytes, by default too"
        )

    def test_messages_are_bounded_if_it_says_so(self, queue: Queue) -> None:
        """However small they are: each has a cost of its own."""
        left = self._left(queue, 1, FLOOD)
        self.claimed(
            "messages",
            present=0 < left < FLOOD,
            shown=f"of {FLOOD} messages of a byte {left} are kept",
        )

    def test_bytes_are_bounded_if_it_says_so(self, fresh: MakeQueue) -> None:
        """A hundred messages may be a kilobyte or a gigabyte."""
        small = self._left(fresh(), 1, FLOOD)
        large = self._left(fresh(), LARGE, FLOOD // 10)
        self.claimed(
            "bytes",
            present=0 <= large < min(small, FLOOD // 10),
            shown=(
                f"{small} messages of a byte are kept, {large} of {LARGE} "
                "bytes"
            ),
        )

    def test_age_is_bounded_if_it_says_so(self, queue: Queue) -> None:
        """What is said now may be wrong tomorrow."""
        kept = self._left(queue, 1, 2)
        after = len(preface(queue, now=NOW + YEARS))
        self.claimed(
            "age",
            present=kept > after,
            shown=f"of {kept} messages {after} are given ten years later",
        )

    def test_what_is_young_enough_is_given(self, queue: Queue) -> None:
        """A bound on age lets go of what is old, and of nothing else."""
        self.need("age")
        offer(queue, broadcasts(2, at=NOW))
        offer(queue, broadcasts(2, first=3, at=NOW + YEARS))
        given = preface(queue, now=NOW + YEARS)
        expect("what is given of old and new", seqs(given), [3, 4])

    def test_age_is_heeded_while_nobody_comes(self, queue: Queue) -> None:
        """What is too old goes when the next is offered, not only when
        somebody comes for it: else it is held for nothing."""
        self.need("age")
        offer(queue, broadcasts(3, at=NOW))
        offer(queue, broadcasts(1, first=4, at=NOW + YEARS))
        expect("len after the old ones have aged", len(queue), 1)

    def test_what_is_let_go_is_let_go(self, queue: Queue) -> None:
        """The kit looks whether anybody still holds what was offered: a
        list on the side is a leak, whatever `len` says."""
        alive: weakref.WeakSet[Tracked] = weakref.WeakSet()
        for number in range(1, FLOOD + 1):
            item = Tracked(number, (b"x",), 1, NOW)
            alive.add(item)
            queue.offer(item, 0)
        del item
        gc.collect()
        expect("messages that are held of those offered", len(alive),
               len(queue))  # fmt: skip
        queue.clear()
        gc.collect()
        expect("messages that are held after clear", len(alive), 0)

    def test_what_was_handed_is_not_held(self, queue: Queue) -> None:
        """As above, of what went out."""
        alive: weakref.WeakSet[Tracked] = weakref.WeakSet()
        for turn in range(20):
            items = [Tracked(turn * 5 + n, (b"x",), 1, NOW) for n in range(5)]
            alive.update(items)
            offer(queue, items)
            given = preface(queue)
            hand(queue, given[:3])
            queue.returned(given[3:])
            drain(queue)
        del items, given
        gc.collect()
        expect("messages that are held of those handed over", len(alive),
               len(queue))  # fmt: skip

    def test_the_newest_are_kept_without_a_hole(self, queue: Queue) -> None:
        """What is let go to make room is the oldest: a newcomer wants to
        know how things are now, and in one piece."""
        self.need_keeping()
        offer(queue, broadcasts(FLOOD // 10))
        found = drain(queue)
        last = FLOOD // 10
        expected = [*range(last - len(found) + 1, last + 1)]
        assert found, "nothing is kept of a flood"
        ends = (expected[0], expected[-1])
        expect("the first and last of a flood", (found[0], found[-1]), ends)
        assert found == expected, "what is kept of a flood has holes"

    def test_it_is_bounded_while_it_hands_over(self, queue: Queue) -> None:
        """A newcomer that takes its messages slowly holds them; what is
        offered meanwhile must not come on top of that for ever."""
        most = self._left(queue, KILOBYTE, FLOOD // 10)
        hands = []
        for turn in range(5):
            hands.append(preface(queue))
            first = (turn + 1) * FLOOD // 10 + 1
            offer(queue, broadcasts(1000, size=KILOBYTE, first=first))
            assert len(queue) <= most, (
                f"{most} are kept at most, and {len(queue)} while newcomers "
                "take theirs: what is being handed counts too"
            )
        for given in hands:
            queue.returned(given)
        assert len(queue) <= most, (
            f"{most} are kept at most, and {len(queue)} after newcomers left"
        )
