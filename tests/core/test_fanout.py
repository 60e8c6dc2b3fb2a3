"""The tick: every client's order, against a model that is a plain list."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from plugwire.fanout import Lane, Seat
from plugwire.framing import MAX_FRAME_MESSAGES, TICK_BYTES
from plugwire.outbox import Share
from plugwire_msgpack import MsgpackEncoder

Said = tuple[bytes, str | None]


def lane() -> Lane:
    return Lane(MsgpackEncoder(1 << 20))


def said_in(shares: Iterable[Share]) -> list[Said]:
    return [
        pair
        for share in shares
        for pair in zip(share.bodies, share.marks, strict=True)
    ]


class Client:
    """A seat, what it got, and what the model says that it must get."""

    def __init__(self, lane: Lane, held: bool, patience: int) -> None:
        self.lane = lane
        self.seat = Seat(lane, self.deliver)
        self.seat.held = held
        self.shares: list[Share] = []
        self.expected: list[Said] = []
        self.patience = patience
        self.session: str | None = None
        self.hears_all = False
        self.taken = False
        self.left = False
        self.refused = 0

    def deliver(self, share: Share) -> bool:
        assert not self.left
        assert not self.seat.held
        assert share.bodies
        assert len(share.bodies) <= MAX_FRAME_MESSAGES
        assert share.size == sum(map(len, share.bodies))
        assert share.size <= TICK_BYTES or len(share.bodies) == 1
        if share.frame is None:
            share.frame = b"".join(share.bodies)
        assert share.frame == b"".join(share.bodies)
        self.shares.append(share)
        self.patience -= 1
        if not self.patience:  # its outbox is full, say: it is let go
            self.leave()
            self.refused = len(share.bodies)
        return not self.refused

    def leave(self) -> None:
        self.left = True
        self.seat.leave()

    def hears(self, session: str | None) -> bool:
        if self.left or not self.taken:
            return False
        if session is None:
            return self.hears_all
        return self.session == session

    def check(self) -> None:
        got = said_in(self.shares)
        assert got == self.expected[: len(got)]


SIZES = st.sampled_from([1, 1, 1, 9, 9, 30_000, TICK_BYTES, 90_000])
SESSIONS = st.sampled_from(["red", "blue"])


class Ticks(RuleBasedStateMachine):
    """Two lanes that encode to different lengths, so that their ticks end at
    different moments, and seats that come, hear and go."""

    clients = Bundle("clients")

    @initialize()
    def begin(self) -> None:
        self.lanes = [lane(), lane()]
        self.number = 0
        self.all: list[Client] = []

    def bodies(self, size: int) -> tuple[list[bytes], str | None]:
        self.number += 1
        mark = f"m{self.number}" if self.number % 3 else None
        name = b"%d." % self.number
        return [name + b"x" * size, name + b"y" * (size // 2)], mark

    @rule(
        target=clients,
        which=st.integers(0, 1),
        held=st.booleans(),
        patience=st.sampled_from([-1, -1, 1, 3]),
        session=st.none() | SESSIONS,
        at_once=st.booleans(),
    )
    def arrive(
        self,
        which: int,
        held: bool,
        patience: int,
        session: str | None,
        at_once: bool,
    ) -> Client:
        client = Client(self.lanes[which], held, patience)
        self.all.append(client)
        self.hear(client, session)
        if at_once:
            self.take(client, True)
        return client

    def hear(self, client: Client, session: str | None) -> None:
        if not client.left:
            client.seat.hear(session)
            client.session = session

    def take(self, client: Client, hears_all: bool) -> None:
        if not client.taken and not client.left:
            client.lane.take(client.seat, hears_all=hears_all)
            client.taken, client.hears_all = True, hears_all

    @rule(client=clients, hears_all=st.booleans())
    def join(self, client: Client, hears_all: bool) -> None:
        self.take(client, hears_all)

    @rule(client=clients)
    def let_out(self, client: Client) -> None:
        if not client.left:
            client.seat.held = False
            client.seat.flush()

    @rule(client=clients, session=st.none() | SESSIONS)
    def attach_or_detach(self, client: Client, session: str | None) -> None:
        self.hear(client, session)

    @rule(client=clients, size=SIZES)
    def say(self, client: Client, size: int) -> None:
        bodies, mark = self.bodies(size)
        body = bodies[self.lanes.index(client.lane)]
        client.seat.say(body, mark)
        if not client.left:
            client.expected.append((body, mark))

    @rule(client=consumes(clients))
    def leave(self, client: Client) -> None:
        client.leave()

    @rule(
        session=st.none() | SESSIONS,
        size=SIZES,
        without=st.lists(clients, max_size=3),
        times=st.sampled_from([1, 1, 1, 2, 1500]),
    )
    def broadcast(
        self,
        session: str | None,
        size: int,
        without: list[Client],
        times: int,
    ) -> None:
        for _ in range(times if size < 10 else 1):
            bodies, mark = self.bodies(size)
            seats = [client.seat for client in without]
            for one, body in zip(self.lanes, bodies, strict=True):
                if session is None:
                    one.broadcast_but(body, mark, seats)
                else:
                    one.broadcast_in(session, body, mark, exclude=seats)
                for client in self.all:
                    if (
                        client.lane is one
                        and client not in without
                        and client.hears(session)
                    ):
                        client.expected.append((body, mark))

    @rule(client=clients, size=SIZES)
    def answer(self, client: Client, size: int) -> None:
        if client.left:
            return
        (body, _), _ = self.bodies(size)
        client.expected.append((body, None))
        client.seat.answer(body)
        if not client.seat.held and not client.left:
            assert said_in(client.shares) == client.expected

    @rule(client=clients)
    def flush_seat(self, client: Client) -> None:
        client.seat.flush()
        if not client.seat.held and not client.left:
            assert said_in(client.shares) == client.expected

    @rule(which=st.integers(0, 1))
    def flush_lane(self, which: int) -> None:
        self.flush(self.lanes[which])

    def flush(self, one: Lane) -> None:
        before = {client: len(client.shares) for client in self.all}
        one.flush()
        assert one.idle
        assert (one.bodies, one.marks, one.size, one.count) == ([], [], 0, 0)
        holders: dict[Share, int] = {}
        for client in self.all:
            if client.lane is not one:
                continue
            if not client.left and not client.seat.held:
                assert said_in(client.shares) == client.expected
            for share in client.shares[before[client] :]:
                holders[share] = holders.get(share, 0) + 1
        for share, count in holders.items():
            if count > 1:
                assert share.frame is None

    @invariant()
    def each_client_got_what_it_must_in_order(self) -> None:
        for client in self.all:
            client.check()
            if client.left:
                assert not client.seat.hears(None)
                assert client.seat.owed == 0
                assert client.seat not in client.lane.seats
                assert client.seat not in client.lane.debtors

    @invariant()
    def what_was_taken_is_counted(self) -> None:
        for one in self.lanes:
            mine = [c for c in self.all if c.lane is one]
            for client in mine:
                got = len(said_in(client.shares))
                assert client.seat.sent == got - client.refused
            assert one.sent == sum(c.seat.sent for c in mine)
            assert one.lost == sum(c.refused for c in mine)

    @invariant()
    def the_lane_counts_who_hears(self) -> None:
        for one in self.lanes:
            mine = [c for c in self.all if c.lane is one]
            assert len(one.seats) == sum(c.hears(None) for c in mine)
            for session in ("red", "blue"):
                heard = [c for c in mine if c.hears(session)]
                assert one.audience(session) == len(heard)
                assert [c for c in mine if c.seat.hears(session)] == heard

    def teardown(self) -> None:
        if not hasattr(self, "lanes"):
            return
        for client in self.all:
            if not client.left:
                client.seat.held = False
                client.seat.flush()
        for one in self.lanes:
            self.flush(one)
        for client in self.all:
            client.leave()
        assert not any(one.has_chats or one.seats for one in self.lanes)


# "Unicasts, answers, attach and detach in the middle of a tick keep each
# client's order": this is that property.
def test_unicasts_answers_attach_and_detach_in_a_tick_keep_order() -> None:
    run_state_machine_as_test(
        Ticks,
        settings=settings(
            max_examples=200, stateful_step_count=40, deadline=None
        ),
    )


# ------------------------------------------------------------ in particular


class Ear:
    """A taken seat that keeps its shares."""

    def __init__(self, lane: Lane, session: str | None = None) -> None:
        self.shares: list[Share] = []
        self.seat = Seat(lane, self.shares.append)
        self.seat.hear(session)
        lane.take(self.seat)

    @property
    def bodies(self) -> list[bytes]:
        return [body for share in self.shares for body in share.bodies]


def test_a7_session_moves_in_the_middle_of_a_tick() -> None:
    one = lane()
    ear = Ear(one, "red")
    one.broadcast_in("red", b"1", None)
    ear.seat.hear("blue")
    one.broadcast_in("red", b"no", None)
    one.broadcast_in("blue", b"2", None)
    ear.seat.hear(None)
    one.broadcast_in("blue", b"no", None)
    one.flush()
    assert ear.bodies == [b"1", b"2"]
    assert not one.has_chats


def test_a8_broadcast_to_a_session_is_for_its_clients_only() -> None:
    one = lane()
    red, blue, none = Ear(one, "red"), Ear(one, "blue"), Ear(one)
    one.broadcast_in("red", b"for red", "e")
    one.broadcast_in("grey", b"for nobody", "e")
    one.flush()
    assert (red.bodies, blue.bodies, none.bodies) == ([b"for red"], [], [])


def test_a8_send_to_one_keeps_its_place_between_broadcasts() -> None:
    one = lane()
    first, second = Ear(one), Ear(one)
    one.broadcast(b"1", "e")
    first.seat.say(b"2")
    one.broadcast(b"3", "e")
    one.flush()
    assert first.bodies == [b"1", b"2", b"3"]
    assert second.bodies == [b"1", b"3"]


def test_who_comes_in_the_middle_of_a_tick_hears_no_more_than_the_rest() -> (
    None
):
    one = lane()
    first = Ear(one, "red")
    one.broadcast(b"1", None)
    one.broadcast_in("red", b"2", None)
    late = Ear(one, "red")
    one.broadcast(b"3", None)
    one.broadcast_in("red", b"4", None)
    one.flush()
    assert first.bodies == [b"1", b"2", b"3", b"4"]
    assert late.bodies == [b"3", b"4"]


def test_a_place_in_one_tick_means_nothing_in_the_next() -> None:
    one = lane()
    ear = Ear(one)
    for tick in (b"1", b"2"):
        one.broadcast_but(b"not for it", None, [ear.seat])
        one.broadcast(tick, None)
        one.flush()
    one.broadcast(b"3", None)
    one.flush()
    assert ear.bodies == [b"1", b"2", b"3"]


def test_seats_with_the_same_place_get_the_very_same_share() -> None:
    one = lane()
    early = [Ear(one) for _ in range(3)]
    reds = [Ear(one, "red") for _ in range(2)]
    one.broadcast(b"1", "e")
    one.broadcast_in("red", b"2", "e")
    late = [Ear(one) for _ in range(2)]
    one.broadcast(b"3", "e")
    one.flush()
    for group, bodies in (
        (early, [b"1", b"3"]),
        (reds, [b"1", b"2", b"3"]),
        (late, [b"3"]),
    ):
        assert all(ear.shares == group[0].shares for ear in group)
        assert group[0].bodies == bodies
        assert len(group[0].shares) == 1


def test_frames_are_not_retained_after_a_flush() -> None:
    one = lane()
    shares: list[Share] = []

    def deliver(share: Share) -> None:
        share.frame = b"joined"
        shares.append(share)

    for _ in range(2):
        one.take(Seat(one, deliver))
    one.broadcast(b"1", None)
    one.flush()
    assert [share.frame for share in shares] == [None, None]


def test_seat_of_another_lane_is_excluded_without_losing_its_place() -> None:
    here, there = lane(), lane()
    ear = Ear(there)
    here.broadcast(b"a", None)
    for one in (there, here):  # the one that it is not in comes last
        one.broadcast_but(b"b", None, [ear.seat])
    there.broadcast(b"c", None)
    there.flush()
    assert ear.bodies == [b"c"]
    assert ear.seat.is_of(there)
    assert not ear.seat.is_of(here)


def test_an_answer_goes_out_at_once_behind_all_that_was_said() -> None:
    one = lane()
    ear, other = Ear(one, "red"), Ear(one)
    ear.seat.answer(b"1")
    assert ear.bodies == [b"1"]
    ear.seat.say(b"2")
    ear.seat.answer(b"3")
    one.broadcast_in("red", b"4", "e")
    ear.seat.answer(b"5")
    one.broadcast(b"6", "e")
    ear.seat.answer(b"7")
    said = [b"1", b"2", b"3", b"4", b"5", b"6", b"7"]
    assert ear.bodies == said
    assert other.bodies == []
    other.seat.answer(b"for the other")
    assert other.bodies == [b"6", b"for the other"]
    one.flush()
    assert ear.bodies == said
    assert other.bodies == [b"6", b"for the other"]
    ear.seat.held = True
    ear.seat.answer(b"8")
    assert ear.bodies == said
    ear.seat.held = False
    ear.seat.flush()
    assert ear.bodies == [*said, b"8"]


def test_held_seat_is_owed_all_until_it_is_let_out() -> None:
    one = lane()
    shares: list[Share] = []
    seat = Seat(one, shares.append)
    seat.held = True
    seat.hear("red")
    seat.say(b"1" * TICK_BYTES)
    seat.say(b"2")
    one.broadcast(b"before", None)
    one.take(seat)
    one.broadcast(b"3", None)
    one.broadcast_in("red", b"4", None)
    one.flush()
    seat.flush()
    assert shares == []
    seat.held = False
    seat.flush()
    assert [share.bodies for share in shares] == [
        [b"1" * TICK_BYTES],
        [b"2", b"3", b"4"],
    ]
    assert seat.owed == 0


def test_seat_that_never_hears_all_gets_what_is_for_it_alone() -> None:
    one = lane()
    shares: list[Share] = []
    sender = Seat(one, shares.append)
    sender.say(b"answer")
    one.broadcast(b"no", None)
    one.flush()
    one.broadcast(b"no", None)
    one.flush()
    assert [share.bodies for share in shares] == [[b"answer"]]


@pytest.mark.parametrize(
    ("size", "count", "shares"),
    [
        (1, MAX_FRAME_MESSAGES, 1),
        (1, MAX_FRAME_MESSAGES + 1, 2),
        (TICK_BYTES // 4, 4, 1),
        (TICK_BYTES // 4, 5, 2),
        (TICK_BYTES + 1, 2, 2),
    ],
)
def test_tick_and_what_one_is_owed_end_at_their_limits(
    size: int, count: int, shares: int
) -> None:
    one = lane()
    ear, other = Ear(one), Ear(one)
    for _ in range(count):
        one.broadcast(b"x" * size, None)
    one.flush()
    assert len(ear.shares) == shares
    for _ in range(count):
        other.seat.say(b"y" * size)
    other.seat.flush()
    assert len(other.shares) == 2 * shares


def test_who_leaves_while_it_is_spoken_to_is_owed_nothing() -> None:
    one = lane()
    seat = Seat(one, lambda _: seat.leave())
    one.take(seat)
    seat.say(b"x" * TICK_BYTES)
    seat.say(b"too much")
    assert seat.owed == 0
    assert one.idle


# --------------------------------------------------------------- what it costs


def steps(work: Callable[[], object]) -> int:
    """Calls of Python and of C functions that `work` makes."""
    count = 0

    def note(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def test_broadcast_to_all_costs_nothing_a_client() -> None:
    few, many = lane(), lane()
    _ = [Ear(few)], [Ear(many) for _ in range(500)]
    few.broadcast(b"1", None)
    many.broadcast(b"1", None)
    assert steps(lambda: few.broadcast(b"2", None)) == steps(
        lambda: many.broadcast(b"2", None)
    )


def test_a_session_costs_by_its_own_size() -> None:
    few, many = lane(), lane()
    for one, others in ((few, 1), (many, 500)):
        _ = [Ear(one, "red") for _ in range(3)]
        _ = [Ear(one, "blue") for _ in range(others)]
        _ = [Ear(one) for _ in range(others)]

    def talk(one: Lane) -> None:
        one.broadcast_in("red", b"1", None)
        one.flush()

    assert steps(lambda: talk(few)) == steps(lambda: talk(many))


def test_an_idle_lane_touches_nobody() -> None:
    one = lane()
    _ = [Ear(one) for _ in range(500)]
    assert one.idle
    assert steps(one.flush) < 20
