"""`none` keeps nothing and loses nothing."""

from __future__ import annotations

from collections.abc import Callable

from plugwire.interfaces import Kept, Queue
from plugwire_queue import Nothing


def test_b7_none_keeps_nothing(kept: Callable[[], Kept]) -> None:
    queue: Queue = Nothing().queue()
    item = kept()
    assert (queue.wants(0), queue.wants(1)) == (False, False)
    assert queue.offer(item, 0) == 0
    assert queue.offer(item, 3) == 0
    queue.handed(item)
    queue.returned([item])
    assert list(queue.preface(0, None, 0.0)) == []
    assert len(queue) == queue.clear() == 0
