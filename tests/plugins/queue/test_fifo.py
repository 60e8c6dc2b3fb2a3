"""`fifo`: each broadcast that nobody heard goes to one newcomer, in order."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from plugwire.interfaces import Kept, Queue
from plugwire_queue import Fifo, FifoSettings

MakeKept = Callable[..., Kept]


def make(**bounds: float) -> Queue:
    return Fifo(FifoSettings(**bounds)).queue()  # type: ignore[arg-type]


def take(queue: Queue, joined: int = 0) -> list[Kept]:
    return list(queue.preface(joined, None, 0.0))


def test_defaults_are_the_documented_ones() -> None:
    bounds = FifoSettings()
    assert (bounds.size, bounds.bytes, bounds.age) == (100, 8 << 20, 0.0)
    assert Fifo.Settings is FifoSettings


def test_b7_what_was_said_goes_to_the_first_in_order(kept: MakeKept) -> None:
    queue = Fifo().queue()
    items = [kept() for _ in range(3)]
    for item in items:
        assert queue.offer(item, 0) == 0
    assert take(queue) == items
    assert len(queue) == 3
    for item in items:
        queue.handed(item)
    assert len(queue) == 0
    assert take(queue) == []


def test_b7_while_somebody_is_there_nothing_is_kept(kept: MakeKept) -> None:
    queue = Fifo().queue()
    assert queue.offer(kept(), 1) == 0
    assert len(queue) == 0


def test_b7_the_hundred_and_first_lets_the_oldest_go(kept: MakeKept) -> None:
    queue = Fifo().queue()
    items = [kept() for _ in range(102)]
    assert sum(queue.offer(item, 0) for item in items) == 2
    assert take(queue) == items[2:]


def test_b7_bytes_bound_it_too(kept: MakeKept) -> None:
    queue = make(bytes=10)
    items = [kept(size=4), kept(size=4), kept(size=7)]
    assert [queue.offer(item, 0) for item in items] == [0, 0, 2]
    assert take(queue) == items[2:]


def test_one_that_can_never_fit_is_lost_alone(kept: MakeKept) -> None:
    queue = make(bytes=10)
    small = kept(size=1)
    queue.offer(small, 0)
    assert queue.offer(kept(size=11), 0) == 1
    assert take(queue) == [small]


def test_b7_age_lets_go_and_the_next_offer_tells(kept: MakeKept) -> None:
    queue = make(age=10)
    items = [kept(at=0.0), kept(at=1.0), kept(at=5.0)]
    for item in items:
        queue.offer(item, 0)
    assert queue.preface(0, None, 11.5) == items[2:]
    assert queue.offer(kept(at=12.0), 1) == 2
    assert queue.offer(kept(at=12.0), 1) == 0


def test_age_is_looked_at_when_offered(kept: MakeKept) -> None:
    queue = make(age=10)
    queue.offer(kept(at=0.0), 0)
    assert queue.offer(kept(at=10.0), 0) == 0
    assert queue.offer(kept(at=10.5), 0) == 1


def test_a_second_newcomer_is_not_given_the_same(kept: MakeKept) -> None:
    queue = Fifo().queue()
    queue.offer(kept(), 0)
    assert len(take(queue)) == 1
    assert take(queue, joined=1) == []


def test_what_a_dead_newcomer_left_goes_to_the_next(kept: MakeKept) -> None:
    queue = Fifo().queue()
    items = [kept() for _ in range(5)]
    for item in items[:4]:
        queue.offer(item, 0)
    assert take(queue) == items[:4]
    queue.handed(items[0])
    queue.returned(items[1:4])
    queue.offer(items[4], 0)
    assert take(queue) == items[1:]


def test_what_comes_back_is_in_front(kept: MakeKept) -> None:
    queue = Fifo().queue()
    items = [kept() for _ in range(4)]
    queue.offer(items[0], 0)
    queue.offer(items[1], 0)
    first = take(queue)
    queue.offer(items[2], 0)
    second = take(queue)
    queue.offer(items[3], 0)
    queue.returned(second)
    queue.returned(first)
    assert take(queue) == items


def test_what_a_newcomer_has_passed_waits_for_the_next(
    kept: MakeKept,
) -> None:
    queue = Fifo().queue()
    items = [kept() for _ in range(4)]
    for item in items:
        queue.offer(item, 0)
    assert queue.preface(0, 2, 0.0) == items[2:]
    queue.returned(items[2:])
    assert take(queue) == items


def test_what_is_out_does_not_come_back(kept: MakeKept) -> None:
    queue = Fifo().queue()
    item = kept()
    queue.offer(item, 0)
    take(queue)
    queue.handed(item)
    queue.handed(item)
    queue.returned([item])
    assert take(queue) == []
    assert len(queue) == 0


def test_what_is_being_handed_counts_towards_the_bounds(
    kept: MakeKept,
) -> None:
    queue = make(size=2)
    items = [kept() for _ in range(2)]
    for item in items:
        queue.offer(item, 0)
    take(queue)
    assert queue.offer(kept(), 0) == 1
    queue.returned(items)
    assert take(queue) == items


def test_what_is_out_makes_room_in_bytes(kept: MakeKept) -> None:
    queue = make(bytes=3)
    first, second = kept(size=3), kept(size=3)
    queue.offer(first, 0)
    take(queue)
    assert queue.offer(kept(), 0) == 1
    queue.handed(first)
    assert queue.offer(second, 0) == 0
    assert take(queue) == [second]


def test_it_wants_only_what_nobody_hears() -> None:
    queue = Fifo().queue()
    assert (queue.wants(0), queue.wants(1)) == (True, False)


def test_clear_counts_what_waits_and_forgets_the_rest(kept: MakeKept) -> None:
    queue = make(bytes=3)
    first, second = kept(), kept()
    queue.offer(first, 0)
    take(queue)
    queue.offer(second, 0)
    assert queue.clear() == 1
    assert len(queue) == 0
    queue.returned([first])
    assert take(queue) == []
    assert queue.offer(kept(size=3), 0) == 0


class Fifos(RuleBasedStateMachine):
    """Against the account: each item is waiting, held, out or lost, once."""

    @initialize(
        size=st.integers(1, 5),
        room=st.integers(1, 20),
        age=st.sampled_from([0, 5]),
    )
    def begin(self, size: int, room: int, age: float) -> None:
        self.size, self.room, self.age = size, room, age
        self.queue = make(size=size, bytes=room, age=age)
        self.takers: list[list[Kept]] = []
        self.now = 0.0
        self.seq = self.kept = self.out = self.lost = self.cleared = 0
        self.offered: set[int] = set()
        self.given: set[int] = set()

    @rule(size=st.integers(1, 22), joined=st.integers(0, 1))
    def offer(self, size: int, joined: int) -> None:
        self.seq += 1
        item = Kept(self.seq, (b"",), size, self.now)
        self.kept += not joined
        self.lost += self.queue.offer(item, joined)
        held = [item for taker in self.takers for item in taker]
        assert len(held) <= len(self.queue) <= self.size
        assert sum(i.size for i in held) <= self.room
        assert len(self.queue) == (
            self.kept - self.out - self.lost - self.cleared
        )

    @rule(by=st.integers(0, 4))
    def wait(self, by: int) -> None:
        self.now += by

    @rule(since=st.none() | st.integers(0, 20))
    def join(self, since: int | None) -> None:
        got = list(self.queue.preface(len(self.takers), since, self.now))
        held = [item for taker in self.takers for item in taker]
        assert not set(got) & set(held)
        assert not {item.seq for item in got} & self.given
        assert [i.seq for i in got] == sorted(i.seq for i in got)
        assert all(i.seq > (-1 if since is None else since) for i in got)
        assert sum(i.size for i in [*got, *held]) <= self.room
        if self.age:
            assert all(self.now - i.at <= self.age for i in got)
        self.takers.append(got)

    @rule(data=st.data())
    def hand(self, data: st.DataObject) -> None:
        if any(self.takers):
            taker = data.draw(st.sampled_from([t for t in self.takers if t]))
            item = taker.pop(0)
            self.queue.handed(item)
            self.given.add(item.seq)
            self.out += 1

    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        if self.takers:
            at = data.draw(st.integers(0, len(self.takers) - 1))
            before = len(self.queue)
            self.queue.returned(self.takers.pop(at))
            assert len(self.queue) == before

    @rule()
    def clear(self) -> None:
        before = len(self.queue)
        held = sum(map(len, self.takers))
        assert self.queue.clear() == before - held
        assert len(self.queue) == 0
        self.cleared += before
        self.given.update(i.seq for t in self.takers for i in t)
        self.takers = [[] for _ in self.takers]


TestFifos = Fifos.TestCase
TestFifos.settings = settings(deadline=None, max_examples=100)


@pytest.mark.parametrize("name", ["size", "bytes", "age"])
def test_settings_are_frozen(name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(FifoSettings(), name, 1)
