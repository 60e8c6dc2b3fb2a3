"""Outboxes: each policy against a model that is a plain list."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from plugwire.fanout import in_shares
from plugwire.framing import MAX_FRAME_MESSAGES, TICK_BYTES
from plugwire.outbox import (
    Full,
    Ledger,
    Mark,
    Outbox,
    Share,
    make_outbox,
)
from plugwire.settings import Lag

LOSSY = [Lag.DROP_OLDEST, Lag.DROP_NEWEST, Lag.KEEP_LATEST]
PLENTY = 1 << 30


@dataclass(frozen=True)
class Hole:
    """So many are missing here, up to this number."""

    count: int
    upto: int


Entry = tuple[bytes, Mark | None] | Hole
"""A body and its mark, or what is missing here."""


def notice(missed: int, upto: int) -> bytes:
    return b"gap %d to %d" % (missed, upto) if upto else b"gap %d" % missed


def named(name: str | None) -> Mark | None:
    """The mark of a message that is not numbered."""
    return None if name is None else (name, 0)


def box(
    policy: Lag, messages: int = 1000, size: int = PLENTY
) -> tuple[Outbox, Ledger]:
    ledger = Ledger()
    return make_outbox(policy, messages, size, ledger, notice), ledger


def share(*said: str) -> Share:
    """`d1` is a body that may be dropped, named `d`; `!1` one that may not.
    The mark is the first letter."""
    marks = [named(None if text[0] == "!" else text[0]) for text in said]
    return Share([text.encode() for text in said], marks)


def taken(outbox: Outbox) -> list[str]:
    found = []
    while bodies := outbox.take():
        found += [body.decode() for body in bodies]
    return found


# ---------------------------------------------------------------- the model


@dataclass
class Model:
    """What an outbox of `policy` must hold, done in the slow, plain way."""

    policy: Lag
    max_messages: int
    max_bytes: int
    entries: list[Entry] = field(default_factory=list)
    dropped: int = 0
    told: int = 0

    @property
    def queued(self) -> list[tuple[bytes, Mark | None]]:
        return [entry for entry in self.entries if not isinstance(entry, Hole)]

    @property
    def missing(self) -> int:
        return sum(e.count for e in self.entries if isinstance(e, Hole))

    @property
    def size(self) -> int:
        return sum(len(body) for body, _ in self.queued)

    def fits(self, queued: list[tuple[bytes, Mark | None]]) -> bool:
        size = sum(len(body) for body, _ in queued)
        return len(queued) <= self.max_messages and size <= self.max_bytes

    def put(self, share: Share) -> None:
        said = list(zip(share.bodies, share.marks, strict=True))
        if self.policy is Lag.DISCONNECT:
            if not self.fits([*self.queued, *said]):
                raise Full
            self.entries += said
            return
        if not self.fits([e for e in [*self.queued, *said] if not e[1]]) and (
            None in share.marks
        ):
            raise Full
        for one in said:
            self.add(one)

    def add(self, one: tuple[bytes, Mark | None]) -> None:
        mark = one[1]
        must = [entry for entry in self.queued if entry[1] is None]
        if mark and not self.fits([*must, one]):
            self.lose(mark)
            return
        if self.policy is Lag.KEEP_LATEST and mark:
            for at, entry in enumerate(self.entries):
                if (
                    not isinstance(entry, Hole)
                    and entry[1]
                    and (entry[1][0] == mark[0])
                ):
                    self.drop(at)
                    break
        while not self.fits([*self.queued, one]):
            if self.policy is Lag.DROP_NEWEST and mark:
                self.lose(mark)
                return
            self.drop_one()
        self.entries.append(one)

    def droppable(self) -> list[int]:
        return [
            at
            for at, entry in enumerate(self.entries)
            if not isinstance(entry, Hole) and entry[1]
        ]

    def drop_one(self) -> None:
        newest = self.policy is Lag.DROP_NEWEST
        self.drop(self.droppable()[-1 if newest else 0])

    def drop(self, at: int) -> None:
        entry = self.entries[at]
        assert not isinstance(entry, Hole)
        assert entry[1] is not None
        self.entries[at] = Hole(1, entry[1][1])
        self.dropped += 1
        self.merge()

    def lose(self, mark: Mark) -> None:
        self.entries.append(Hole(1, mark[1]))
        self.dropped += 1
        self.merge()

    def merge(self) -> None:
        merged: list[Entry] = []
        for entry in self.entries:
            last = merged[-1] if merged else None
            if isinstance(entry, Hole) and isinstance(last, Hole):
                merged[-1] = Hole(
                    last.count + entry.count, max(last.upto, entry.upto)
                )
            else:
                merged.append(entry)
        self.entries = merged

    def relieve(self, excess: int) -> None:
        before = self.size
        if self.policy is Lag.DISCONNECT or not self.droppable():
            raise Full
        while self.droppable() and before - self.size < excess:
            self.drop_one()

    def next_body(self) -> bytes:
        entry = self.entries[0]
        if isinstance(entry, Hole):
            return notice(entry.count, entry.upto)
        return entry[0]

    def took(self, bodies: list[bytes]) -> None:
        """`bodies` is what one frame must be; no more would have fitted."""
        size = sum(map(len, bodies))
        assert size <= TICK_BYTES or len(bodies) == 1
        assert len(bodies) <= MAX_FRAME_MESSAGES
        for body in bodies:
            assert body == self.next_body()
            entry = self.entries.pop(0)
            self.told += entry.count if isinstance(entry, Hole) else 0
        assert bool(bodies) or not self.entries


MARKS = st.sampled_from([None, "a", "b", "c", "a", "b"])
SIZES = st.sampled_from([4, 4, 8, 8, 8, 20, 40_000, 70_000])


class Outboxes(RuleBasedStateMachine):
    """Three clients of one ledger: two with the policy, one without loss."""

    policy: Lag

    @initialize(
        limits=st.sampled_from(
            [(1, PLENTY), (3, PLENTY), (32, PLENTY), (1000, PLENTY)]
            + [(1000, size) for size in (4, 12, 60, 150_000)]
            + [(4, 30)]
        )
    )
    def begin(self, limits: tuple[int, int]) -> None:
        self.ledger = Ledger()
        self.number = 0
        policies = [self.policy, self.policy, Lag.DISCONNECT]
        self.models = [Model(policy, *limits) for policy in policies]
        self.boxes = [
            make_outbox(policy, *limits, self.ledger, notice)
            for policy in policies
        ]
        self.dropped = [0, 0, 0]

    @rule(
        said=st.lists(st.tuples(MARKS, SIZES), min_size=1, max_size=6),
        to=st.sets(st.integers(0, 2), min_size=1),
        times=st.sampled_from([1, 1, 1, 40]),
    )
    def put(
        self, said: list[tuple[str | None, int]], to: set[int], times: int
    ) -> None:
        bodies = []
        marks: list[Mark | None] = []
        for name, size in said * times:
            self.number += 1
            bodies.append(b"%04d" % self.number + b"x" * (size - 4))
            # What is said to some only has no number.
            seq = self.number if self.number % 3 else 0
            marks.append(None if name is None else (name, seq))
        for one in in_shares(bodies, marks):
            for at in to:
                self.put_share(at, one)

    def put_share(self, at: int, one: Share) -> None:
        expected = got = None
        try:
            self.models[at].put(one)
        except Full:
            expected = Full
        try:
            self.dropped[at] += self.boxes[at].put(one)
        except Full:
            got = Full
        assert got is expected

    @rule(at=st.integers(0, 2))
    def take(self, at: int) -> None:
        self.models[at].took(self.boxes[at].take())

    @rule(at=st.integers(0, 2), excess=st.sampled_from([1, 10, 100, PLENTY]))
    def relieve(self, at: int, excess: int) -> None:
        expected = got = None
        try:
            self.models[at].relieve(excess)
        except Full:
            expected = Full
        try:
            self.dropped[at] += self.boxes[at].relieve(excess)
        except Full:
            got = Full
        assert got is expected

    @rule(at=st.integers(0, 2))
    def clear(self, at: int) -> None:
        model = self.models[at]
        assert self.boxes[at].clear() == len(model.queued)
        model.told += model.missing
        model.entries.clear()

    @invariant()
    def bounds_hold_and_losses_are_counted(self) -> None:
        for model, one, dropped in zip(
            self.models, self.boxes, self.dropped, strict=True
        ):
            assert one.messages == len(model.queued) <= model.max_messages
            assert one.bytes == model.size <= model.max_bytes
            assert dropped == model.dropped == model.told + model.missing
            names = [mark[0] for _, mark in model.queued if mark]
            if model.policy is Lag.KEEP_LATEST:
                assert len(names) == len(set(names))

    @invariant()
    def shared_bodies_are_counted_once(self) -> None:
        held = {body for model in self.models for body, _ in model.queued}
        assert self.ledger.bytes == sum(map(len, held))

    def teardown(self) -> None:
        if not hasattr(self, "boxes"):
            return
        for model, one in zip(self.models, self.boxes, strict=True):
            while bodies := one.take():
                model.took(bodies)
            model.took([])
            assert model.told == model.dropped
            assert (one.messages, one.bytes) == (0, 0)
        assert self.ledger.bytes == 0


@pytest.mark.parametrize("policy", LOSSY)
def test_a9_outboxes_are_bounded_and_tell_what_they_drop(policy: Lag) -> None:
    class Case(Outboxes):
        pass

    Case.policy = policy
    run_state_machine_as_test(
        Case,
        settings=settings(
            max_examples=80, stateful_step_count=30, deadline=None
        ),
    )


# ------------------------------------------------------------ in particular


@pytest.mark.parametrize("limit", [1, 32, 1000])
@pytest.mark.parametrize("policy", list(Lag))
def test_a9_outbox_holds_exactly_its_messages(policy: Lag, limit: int) -> None:
    outbox, ledger = box(policy, limit)
    for number in range(limit):
        assert outbox.put(Share([b"%d" % number], [named(f"e{number}")])) == 0
    assert outbox.messages == limit
    one_more = share("z")
    if policy is Lag.DISCONNECT:
        with pytest.raises(Full):
            outbox.put(one_more)
    else:
        assert outbox.put(one_more) == 1
    assert outbox.messages == limit
    assert outbox.clear() == limit
    assert (outbox.bytes, ledger.bytes) == (0, 0)


@pytest.mark.parametrize("policy", list(Lag))
def test_a9_outbox_holds_exactly_its_bytes(policy: Lag) -> None:
    outbox, _ = box(policy, size=10)
    assert outbox.put(share("!2345", "!7890")) == 0
    with pytest.raises(Full):
        outbox.put(share("!"))
    assert taken(outbox) == ["!2345", "!7890"]


def test_disconnect_takes_a_share_whole_or_not_at_all() -> None:
    outbox, ledger = box(Lag.DISCONNECT, 3)
    outbox.put(share("a1", "a2"))
    with pytest.raises(Full):
        outbox.put(share("a3", "a4"))
    with pytest.raises(Full):
        outbox.relieve(1)
    assert (outbox.messages, ledger.bytes) == (2, 4)
    assert taken(outbox) == ["a1", "a2"]


@pytest.mark.parametrize("policy", LOSSY)
def test_full_changes_nothing(policy: Lag) -> None:
    outbox, ledger = box(policy, 3)
    outbox.put(share("!1", "a1", "b1"))
    with pytest.raises(Full):
        outbox.put(share("!2", "!3", "c", "!4"))
    assert (outbox.messages, ledger.bytes) == (3, 6)
    assert taken(outbox) == ["!1", "a1", "b1"]


@pytest.mark.parametrize(
    ("policy", "puts", "found"),
    [
        # At the place where they are missing, behind what must be kept.
        (
            Lag.DROP_OLDEST,
            ["!1", "a1", "a2", "!2", "a3", "a4"],
            ["!1", "gap 2", "!2", "a3", "a4"],
        ),
        (
            Lag.DROP_OLDEST,
            ["a1", "!1", "a2", "!2", "!3", "!4"],
            ["gap 1", "!1", "gap 1", "!2", "!3", "!4"],
        ),
        (
            Lag.DROP_NEWEST,
            ["a1", "a2", "!1", "a3", "a4", "a5"],
            ["a1", "a2", "!1", "a3", "gap 2"],
        ),
        # Two runs become one when what was between them goes.
        (
            Lag.DROP_NEWEST,
            ["!1", "a1", "!2", "a2", "a3", "!3", "!4"],
            ["!1", "gap 1", "!2", "gap 2", "!3", "!4"],
        ),
        (
            Lag.DROP_NEWEST,
            ["!1", "a1", "a2", "a3", "a4", "!2", "!3"],
            ["!1", "a1", "gap 3", "!2", "!3"],
        ),
        # One of a name, the newest, however much room there is.
        (
            Lag.KEEP_LATEST,
            ["a1", "b1", "a2", "!1", "b2", "a3"],
            ["gap 3", "!1", "b2", "a3"],
        ),
        (
            Lag.KEEP_LATEST,
            ["!1", "a1", "!2", "a2"],
            ["!1", "gap 1", "!2", "a2"],
        ),
        # Full of other names: the oldest goes.
        (
            Lag.KEEP_LATEST,
            ["a1", "b1", "c1", "d1", "e1"],
            ["gap 1", "b1", "c1", "d1", "e1"],
        ),
    ],
)
def test_one_notice_for_each_run_of_losses_at_its_place(
    policy: Lag, puts: list[str], found: list[str]
) -> None:
    outbox, _ = box(policy, 4)
    for text in puts:
        outbox.put(share(text))
    assert taken(outbox) == found


@pytest.mark.parametrize("policy", LOSSY)
def test_message_that_could_never_fit_costs_no_other(policy: Lag) -> None:
    outbox, _ = box(policy, size=8)
    outbox.put(share("a1", "!1"))
    assert outbox.put(share("a is too large")) == 1
    assert taken(outbox) == ["a1", "!1", "gap 1"]


@pytest.mark.parametrize("policy", LOSSY)
def test_frame_begun_is_never_dropped(policy: Lag) -> None:
    outbox, ledger = box(policy, 2)
    outbox.put(share("a1", "b1"))
    assert outbox.take() == [b"a1", b"b1"]
    assert (outbox.messages, ledger.bytes) == (0, 0)
    assert outbox.put(share("a2", "b2")) == 0
    with pytest.raises(Full):
        outbox.put(share("!1", "!2", "!3"))
    assert taken(outbox) == ["a2", "b2"]


@pytest.mark.parametrize("policy", list(Lag))
def test_frame_holds_no_more_than_it_may(policy: Lag) -> None:
    outbox, _ = box(policy, PLENTY)
    for number in range(MAX_FRAME_MESSAGES + 1):
        outbox.put(Share([b"x"], [named(f"e{number}")]))
    assert len(outbox.take()) == MAX_FRAME_MESSAGES
    outbox.put(Share([b"x" * TICK_BYTES], [named("large")]))
    assert outbox.take() == [b"x"]
    assert outbox.take() == [b"x" * TICK_BYTES]


@pytest.mark.parametrize("policy", LOSSY)
def test_relieve_drops_no_more_than_it_must(policy: Lag) -> None:
    outbox, _ = box(policy)
    outbox.put(share("a1", "!1", "b1", "c1"))
    assert outbox.relieve(3) == 2
    left = {
        Lag.DROP_OLDEST: ["gap 1", "!1", "gap 1", "c1"],
        Lag.DROP_NEWEST: ["a1", "!1", "gap 2"],
        Lag.KEEP_LATEST: ["gap 1", "!1", "gap 1", "c1"],
    }
    assert outbox.relieve(0) == 0
    assert taken(outbox) == left[policy]
    outbox.put(share("!2"))
    with pytest.raises(Full):
        outbox.relieve(1)


def test_share_that_many_hold_counts_once_until_the_last_lets_go() -> None:
    ledger = Ledger()
    boxes = [
        make_outbox(policy, 10, PLENTY, ledger, notice)
        for policy in (*Lag, Lag.DISCONNECT)
    ]
    one = share("a1", "b1", "!1")
    for outbox in boxes:
        outbox.put(one)
    assert ledger.bytes == 6
    for at, outbox in enumerate(boxes):
        assert ledger.bytes == 6, at
        taken(outbox)
    assert ledger.bytes == 0


@pytest.mark.parametrize("policy", list(Lag))
@pytest.mark.parametrize("end", ["clear", "take"])
def test_nothing_is_held_on_to(policy: Lag, end: str) -> None:
    gone = 0

    class Body(bytes):
        def __del__(self) -> None:
            nonlocal gone
            gone += 1

    gc.disable()  # what is in no cycle goes at once
    try:
        outbox, _ = box(policy, 10)
        for number in range(9):
            outbox.put(Share([Body(b"x")], [named(f"e{number % 4}")]))
        getattr(outbox, end)()
    finally:
        gc.enable()
    assert gone == 9


# -------------------------------------------------------------- what it costs


class Counted(bytes):
    """A body that counts how often it is looked at."""

    looks = 0

    def __len__(self) -> int:
        Counted.looks += 1
        return super().__len__()


def steps(work: Callable[[], object]) -> int:
    """Calls of functions that `work` makes, and looks at bodies."""
    count = 0
    Counted.looks = 0

    def note(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count + Counted.looks


@pytest.mark.parametrize("policy", list(Lag))
def test_cost_behind_a_stalled_client_is_linear(policy: Lag) -> None:
    def stall(count: int) -> None:
        """Twice as many as fit, each in turn, every second of one name and
        with an answer between; then all of it is taken."""
        outbox, _ = box(policy, count)
        for number in range(2 * count):
            mark = f"e{number % 7}" if number % 2 else f"x{number}"
            one = Share([Counted(b"x")], [named(mark if number % 5 else None)])
            try:
                outbox.put(one)
            except Full:
                outbox.take()
        while outbox.take():
            pass

    few, many = steps(lambda: stall(200)), steps(lambda: stall(800))
    assert many < 4.4 * few
