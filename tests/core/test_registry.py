"""Clients and sessions, against a model of plain lists."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from plugwire.errors import ClientGone
from plugwire.fanout import Lane
from plugwire.interfaces import Peer
from plugwire.outbox import Share
from plugwire.registry import Member, Registry
from plugwire_msgpack import MsgpackEncoder

Work = Callable[[], object]
PEER = Peer(transport="unix", address="here", uid=7, gid=7, pid=7)


class Line:
    """A connection that keeps what it is given."""

    def __init__(self) -> None:
        self.shares: list[Share] = []
        self.queued = 3

    def deliver(self, share: Share) -> None:
        self.shares.append(share)

    def end(self, reason: str, *, final: bool = False) -> None:
        raise AssertionError(reason)


def member(number: int | None) -> Member:
    lane = Lane(MsgpackEncoder(1000))
    return Member(number, PEER, "main", Line(), lane, 1_000)


class Registrations(RuleBasedStateMachine):
    members = Bundle("members")

    @initialize()
    def begin(self) -> None:
        self.registry = Registry()
        self.all: list[Member] = []
        self.arriving: list[Member] = []
        self.joined: list[Member] = []
        self.sessions: dict[str, list[int]] = {"red": [], "blue": []}

    @rule(target=members)
    def arrive(self) -> Member:
        one = member(self.registry.new_id())
        assert one.id == len(self.all) + 1  # never one that was used
        self.all.append(one)
        self.registry.arrive(one)
        self.arriving.append(one)
        return one

    @rule(one=members)
    def join(self, one: Member) -> None:
        if one in self.arriving:
            self.registry.join(one)
            self.arriving.remove(one)
            self.joined.append(one)

    @rule(one=members)
    def leave(self, one: Member) -> None:
        known = one in self.arriving or one in self.joined
        assert self.registry.leave(one) is known
        for place in (self.arriving, self.joined):
            if one in place:
                place.remove(one)
        self.quit(one)

    def quit(self, one: Member) -> None:
        for inside in self.sessions.values():
            if one.id in inside:
                inside.remove(one.id)

    @rule(one=members, session=st.sampled_from(["red", "blue"]))
    def attach(self, one: Member, session: str) -> None:
        assert one.id is not None
        if one not in self.arriving and one not in self.joined:
            with pytest.raises(ClientGone):
                self.registry.attach(one, session)
            return
        self.registry.attach(one, session)
        if one.id not in self.sessions[session]:
            self.quit(one)
            self.sessions[session].append(one.id)

    @rule(one=members)
    def detach(self, one: Member) -> None:
        self.registry.detach(one)
        self.quit(one)

    @invariant()
    def it_knows_who_is_there(self) -> None:
        registry = self.registry
        assert len(registry) == len(self.joined)
        assert list(registry) == self.joined
        assert list(registry.infos()) == [one.id for one in self.joined]
        for one in self.all:
            assert one.id is not None
            there = one in self.arriving or one in self.joined
            assert registry.find(one.id) is (one if there else None)
            assert one.joined is (one in self.joined)

    @invariant()
    def it_knows_who_is_in_which_session(self) -> None:
        for session, inside in self.sessions.items():
            assert self.registry.inside(session) == tuple(inside)
        for one in self.all:
            names = [n for n, ids in self.sessions.items() if one.id in ids]
            assert one.session == (names[0] if names else None)


def test_a6_a7_registry_agrees_with_a_plain_model() -> None:
    run_state_machine_as_test(
        Registrations,
        settings=settings(
            max_examples=150, stateful_step_count=40, deadline=None
        ),
    )


def arrived(registry: Registry) -> Member:
    one = member(registry.new_id())
    registry.arrive(one)
    return one


def test_a6_ids_count_up_and_are_never_reused() -> None:
    registry = Registry()
    for expected in (1, 2, 3):
        one = arrived(registry)
        registry.join(one)
        assert one.id == expected
        assert len(registry) == 1
        registry.leave(one)
        assert len(registry) == 0


def test_a7_attach_again_moves_and_leaving_clears_at_once() -> None:
    registry = Registry()
    first, second = arrived(registry), arrived(registry)
    registry.attach(first, "red")
    registry.attach(second, "red")
    registry.attach(first, "red")
    assert registry.inside("red") == (1, 2)
    registry.attach(first, "blue")
    assert first.session == "blue"
    assert (registry.inside("red"), registry.inside("blue")) == ((2,), (1,))
    registry.leave(first)
    assert first.info().session is None
    assert registry.inside("blue") == ()
    assert registry.inside("unknown") == ()


def test_a8_who_has_gone_is_named() -> None:
    registry = Registry()
    one = arrived(registry)
    assert registry.get(1) is one
    registry.leave(one)
    with pytest.raises(ClientGone, match="no client 1 is connected") as info:
        registry.get(1)
    assert info.value.client_id == 1
    with pytest.raises(ClientGone):
        registry.attach(one, "red")
    assert registry.inside("red") == ()


def test_a_sender_is_in_no_registry() -> None:
    registry = Registry()
    sender = member(None)
    assert registry.leave(sender) is False
    registry.detach(sender)
    assert sender.info().id is None


def test_info_is_of_one_moment() -> None:
    registry = Registry()
    one = arrived(registry)
    registry.attach(one, "red")
    registry.join(one)
    one.sent, one.received, one.dropped = 5, 6, 7
    info = registry.infos()[1]
    registry.leave(one)
    assert info == type(info)(
        id=1,
        peer=PEER,
        door="main",
        session="red",
        connected_since=1_000,
        queued=3,
        sent=5,
        received=6,
        dropped=7,
    )
    assert one.info().session is None


def interrupted(victim: Work, at: int, by: Work) -> bool:
    """Run `victim`, and `by` before its bytecode number `at`; whether it
    has so many."""
    left = at

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal left
        frame.f_trace_opcodes = True
        if event == "opcode":
            left -= 1
            if left == 0:
                by()
        return trace

    # Python 3.12 looks for the wish on a frame when tracing begins.
    sys._getframe().f_trace_opcodes = True
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        victim()
    finally:
        sys.settrace(before)
    return left <= 0


def look_while_joining(at: int, *, turned: bool) -> bool:
    """One schedule of two threads: one looks, the other joins."""
    registry = Registry()
    one = arrived(registry)
    found: list[Member | None] = []

    def look() -> None:
        found.append(registry.find(1))

    def join() -> None:
        registry.join(one)

    pair = (join, look) if turned else (look, join)
    more = interrupted(pair[0], at, pair[1])
    look()
    assert found
    assert all(each is one for each in found), (at, turned)
    return more


@pytest.mark.parametrize("turned", [False, True])
def test_a10_no_thread_misses_a_client_that_is_joining(turned: bool) -> None:
    # At each bytecode of the one, the other: every schedule that there is.
    at = 1
    while look_while_joining(at, turned=turned):
        at += 1
    assert at > 10
