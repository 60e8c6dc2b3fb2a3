"""`history`: the last broadcasts for each newcomer, bounded."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from plugwire.interfaces import Kept, Queue
from plugwire_queue import History, HistorySettings

MakeKept = Callable[..., Kept]


def make(**bounds: float) -> Queue:
    return History(HistorySettings(**bounds)).queue()  # type: ignore[arg-type]


def test_defaults_are_the_documented_ones() -> None:
    bounds = HistorySettings()
    assert (bounds.size, bounds.bytes, bounds.age) == (30, 8 << 20, 0.0)
    assert History.Settings is HistorySettings


def test_c3_each_newcomer_gets_the_last_thirty(kept: MakeKept) -> None:
    queue = History().queue()
    items = [kept() for _ in range(35)]
    assert [queue.offer(item, at % 2) for at, item in enumerate(items)] == (
        [0] * 35
    )
    for joined in (0, 1, 2):
        assert queue.preface(joined, None, 0.0) == items[5:]
    assert len(queue) == 30


def test_c3_what_a_newcomer_has_seen_is_left_out(kept: MakeKept) -> None:
    queue = make(size=5)
    items = [kept() for _ in range(5)]
    for item in items:
        queue.offer(item, 1)
    assert queue.preface(0, 3, 0.0) == items[3:]
    assert queue.preface(0, 99, 0.0) == []
    assert queue.preface(0, 0, 0.0) == items


def test_it_wants_everything() -> None:
    queue = History().queue()
    assert (queue.wants(0), queue.wants(1)) == (True, True)


def test_handing_over_changes_nothing(kept: MakeKept) -> None:
    queue = make(size=5)
    item = kept()
    queue.offer(item, 0)
    queue.handed(item)
    queue.returned([item])
    assert queue.preface(0, None, 0.0) == [item]


def test_age_lets_go_when_asked_and_when_offered(kept: MakeKept) -> None:
    queue = make(age=10)
    old, new = kept(at=0.0), kept(at=6.0)
    queue.offer(old, 0)
    queue.offer(new, 0)
    assert queue.preface(0, None, 10.0) == [old, new]
    assert queue.preface(0, None, 10.1) == [new]
    queue.offer(kept(at=99.0), 0)
    assert len(queue) == 1


def test_a_message_over_the_bytes_leaves_no_hole(kept: MakeKept) -> None:
    queue = make(bytes=10)
    queue.offer(kept(size=4), 0)
    queue.offer(kept(size=11), 0)
    assert queue.preface(0, None, 0.0) == []
    after = kept(size=10)
    queue.offer(after, 0)
    assert queue.preface(0, None, 0.0) == [after]


def test_clear_forgets_and_counts(kept: MakeKept) -> None:
    queue = make(bytes=3)
    for _ in range(3):
        queue.offer(kept(), 0)
    assert queue.clear() == 3
    assert len(queue) == queue.clear() == 0
    for _ in range(3):
        queue.offer(kept(), 0)
    assert len(queue) == 3


class Histories(RuleBasedStateMachine):
    """Against the plain account: all that was said, cut to the bounds."""

    @initialize(
        size=st.integers(1, 5),
        room=st.integers(1, 20),
        age=st.sampled_from([0, 5]),
    )
    def begin(self, size: int, room: int, age: float) -> None:
        self.size, self.room, self.age = size, room, age
        self.queue = make(size=size, bytes=room, age=age)
        self.said: list[Kept] = []
        self.now = 0.0
        self.seq = 0

    def expected(self) -> list[Kept]:
        got: list[Kept] = []
        for item in reversed(self.said):
            full = len(got) == self.size
            room = self.room - sum(i.size for i in got)
            old = self.age and self.now - item.at > self.age
            if full or item.size > room or old:
                break
            got.append(item)
        return got[::-1]

    @rule(size=st.integers(1, 22), joined=st.integers(0, 2))
    def offer(self, size: int, joined: int) -> None:
        self.seq += 1
        item = Kept(self.seq, (b"",), size, self.now)
        self.said.append(item)
        assert self.queue.offer(item, joined) == 0

    @rule(by=st.integers(0, 4))
    def wait(self, by: int) -> None:
        self.now += by

    @rule(back=st.none() | st.integers(0, 8))
    def join(self, back: int | None) -> None:
        since = None if back is None else self.seq - back
        least = -1 if since is None else since
        expected = [i for i in self.expected() if i.seq > least]
        assert self.queue.preface(1, since, self.now) == expected
        assert len(self.queue) == len(self.expected())

    @rule()
    def clear(self) -> None:
        self.queue.preface(0, None, self.now)
        assert self.queue.clear() == len(self.expected())
        self.said.clear()

    @invariant()
    def bounded(self) -> None:
        if hasattr(self, "queue"):
            assert len(self.queue) <= self.size


TestHistories = Histories.TestCase
TestHistories.settings = settings(deadline=None, max_examples=100)


@pytest.mark.parametrize("name", ["size", "bytes", "age"])
def test_settings_are_frozen(name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(HistorySettings(), name, 1)
