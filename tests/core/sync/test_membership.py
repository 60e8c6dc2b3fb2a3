"""A blocking client's connection through its losses: who goes on, and when."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from peers import Host, joined, wait_until

from plugwire import ConnectionClosed, ConnectionFailed, Denied
from plugwire.sync.backend import Callbacks
from plugwire.sync.link import Link, Question
from plugwire.sync.membership import Membership
from plugwire.sync.turns import Turn
from plugwire.way import Way

OTHER = -1
"""Another thread's ident."""


def make(**overrides: Any) -> tuple[Membership, list[Any]]:
    """One that is away since a moment, with what it tells."""
    told = list[Any]()
    way = Way.called(
        "event",
        door=None,
        receive=True,
        message_types=("data",),
        settings={},
        overrides=overrides,
    )
    member = Membership(
        way,
        Callbacks(
            on_reconnect=lambda: told.append("back"),
            on_gap=lambda missed: told.append(("gap", missed)),
            on_disconnect=lambda reason: told.append(("lost", reason)),
        ),
    )
    member.end = None
    member.comeback.lost(0.0, ConnectionClosed("it went"))
    return member, told


def queued(member: Membership) -> tuple[Turn, Turn]:
    receiver, other = Turn(), Turn()
    member.chair.queue(member.chair.receivers, receiver)
    member.chair.queue(member.chair.others, other)
    return receiver, other


@given(
    taken=st.booleans(),
    held=st.booleans(),
    away=st.booleans(),
    buffered=st.booleans(),
    ended=st.booleans(),
)
def test_who_can_go_on_is_woken(
    taken: bool, held: bool, away: bool, buffered: bool, ended: bool
) -> None:
    member, _ = make()
    receiver, other = queued(member)
    if taken:
        member.chair.sitter = OTHER
    member.is_held = held
    if not away:
        member.link = object()  # type: ignore[assignment] - only that it is
    if buffered:
        member.buffer.put([member.way.messages.make({})], 1)
    if ended:
        member.end = ConnectionClosed("over")
    member.pass_on()
    if ended:
        expected = (True, True)
    elif buffered:
        expected = (True, False)
    elif taken or (held and not away):
        expected = (False, False)
    else:
        # Away, the one attempt of who sends need not wait for the back-off.
        expected = (not away, away)
    assert (receiver.woken, other.woken) == expected


def test_there_is_nothing_to_do_before_the_back_off_is_over() -> None:
    member, _ = make()
    member.next_try = time.monotonic() + 1000
    assert member.sit() is None
    member.next_try = 0.0
    attempt = member.sit()
    assert attempt is member.attempt is not None
    assert member.chair.is_mine
    member.chair.sitter = OTHER
    assert member.sit() is None


def test_an_attempt_goes_on_and_counts_once_a_receiver_needs_it() -> None:
    member, _ = make()
    first = member.sit_down(counted=False)
    member.let_go()
    assert member.attempt is first
    assert not first.counted  # type: ignore[union-attr] - an attempt
    assert member.sit_down() is first
    assert first.counted  # type: ignore[union-attr]
    assert member.sit_down(counted=False) is first
    assert first.counted  # type: ignore[union-attr]


def test_each_counted_failure_plans_the_next_try_until_it_gives_up() -> None:
    member, _ = make(reconnect_tries=2, reconnect_delay=1000)
    failure = ConnectionFailed("nobody there")
    member._failed(failure, False)
    assert member.next_try == 0.0
    for _ in range(2):
        member._failed(failure, True)
        assert member.end is None
        assert member.next_try > 0
    member._failed(failure, True)
    assert isinstance(member.end, ConnectionFailed)
    assert member.end.__cause__ is failure


def test_a_refusal_that_will_not_change_is_the_end_counted_or_not() -> None:
    member, _ = make()
    receiver, other = queued(member)
    denied = Denied("no")
    member._failed(denied, False)
    assert member.end is denied
    assert receiver.woken
    assert other.woken


def test_while_away_it_says_why() -> None:
    member, _ = make()
    error = member.away()
    assert str(error) == (
        "the connection to 'event' is away, and nothing is kept meanwhile: "
        "it went"
    )
    assert str(error.__cause__) == "it went"
    member.end = ConnectionClosed("over")
    assert member.away() is member.end


def with_link(told: dict[str, Any]) -> tuple[Membership, Link, list[Any]]:
    member, heard = make()
    _, link = joined(told)
    member.joined(link, again=False)
    return member, link, heard


def test_a_loss_is_told_once_and_wakes_who_asks(
    unix_host: Host, told: dict[str, Any]
) -> None:
    member, link, heard = with_link(told)
    _, asker = queued(member)
    member.lose(link, ConnectionClosed("first"))
    member.lose(link, ConnectionClosed("second"))
    member.teller.tell()
    assert heard == [("lost", "first")]
    assert asker.woken
    assert member.link is None
    assert member.next_try > 0


def test_gaps_that_wait_are_told_as_one(
    unix_host: Host, told: dict[str, Any]
) -> None:
    """However often a server tells of them, while nobody calls."""
    member, link, heard = with_link(told)
    with member.chair.lock:
        for missed in (1, 2, 3):
            member.standing.gap(missed)
        member.lose(link, ConnectionClosed("it went"))
        for lost in (4, None, 5):
            member.standing.gap(lost)
    member.teller.tell()
    assert heard == [("gap", 6), ("lost", "it went"), ("gap", None)]


@pytest.mark.parametrize("place", ["standing", "comeback"])
def test_a_loss_that_was_interrupted_is_made_good(
    place: str,
    unix_host: Host,
    told: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    member, link, heard = with_link(told)

    def hit(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        kind = type(getattr(member, place))
        patch.setattr(kind, "lost", hit)
        with pytest.raises(KeyboardInterrupt):
            member.lose(link, ConnectionClosed("it went"))
    member.interrupted()
    assert member.link is None
    member.teller.tell()
    assert heard == [("lost", "it went")]
    assert link.channel._sock.fileno() == -1


def held(member: Membership, count: int) -> None:
    """Its buffer is full, with `count` messages."""
    member._heard([member.way.messages.make({})] * count, 1, [])
    assert member.is_held
    member.link = object()  # type: ignore[assignment] - only that it is


@pytest.mark.parametrize("then", ["settle", "interrupted", "take"])
def test_a_buffer_whose_last_message_was_popped_holds_nobody_up(
    then: str,
) -> None:
    member, _ = make(buffer_size=2)
    held(member, 2)
    assert member.take() is not None
    member.is_held = True  # as where an interruption came before it
    member.buffer.head.popleft()
    if then == "interrupted":
        member.link = None
    turns = queued(member)
    getattr(member, then)()
    assert not member.is_held
    assert member.buffer.is_empty
    if then == "settle":  # the two others are this thread's own turns
        assert any(turn.woken for turn in turns)


def test_a_buffer_that_is_emptied_while_it_is_held_is_not_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever pops then has not seen yet that it is."""
    member, _ = make(buffer_size=2)
    member._heard([member.way.messages.make({})], 1, [])
    assert member.buffer.take() is not None
    real = type(member.buffer).is_full

    def emptied(buffer: Any) -> bool:
        found = real.fget(buffer)  # type: ignore[attr-defined]
        buffer.reads[0][0].clear()
        return bool(found)

    monkeypatch.setattr(type(member.buffer), "is_full", property(emptied))
    member._heard([member.way.messages.make({})] * 2, 1, [])
    assert not member.is_held


def test_who_has_its_answer_leaves_what_comes_next_to_who_reads_next(
    unix_host: Host, told: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the chair the chunks are the next one's, who may have read more
    at once."""
    way, link = joined(told)
    member, _ = make(**told)
    member.joined(link, again=True)
    question = member.asked[1] = Question(link)
    asked = way.messages.make({"a": 1}, id=1)
    assert link.write(way.frame(asked, link.max_message_bytes), None, [])
    real = member.get_up

    def get_up() -> None:
        real()
        link.chunks.append(b"another's")

    monkeypatch.setattr(member, "get_up", get_up)
    with member.chair.lock:
        member.sit_down()
    assert member.read(link, time.monotonic() + 20, question)
    assert question.answer is not None
    assert member.chair.sitter == 0
    assert list(link.chunks) == [b"another's"]
    assert member.link is link
    link.end(ConnectionClosed("over"))


def test_what_was_half_taken_is_an_unknown_loss(
    unix_host: Host, told: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while messages are decoded costs the connection, and nobody
    can say how many of them."""
    member, link, heard = with_link(told)
    unix_host.broadcast(1, 2)

    def hit(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(link, "digest", hit)
    with pytest.raises(KeyboardInterrupt):
        member.work(member.sit_down(), None)
    member.tell()
    reason = "interrupted in the middle of a message"
    assert heard == [("lost", reason), ("gap", None)]
    assert member.standing.missed is None
    assert not member.chair.is_mine


def test_what_came_before_an_interruption_is_read_by_the_next(
    unix_host: Host, told: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    member, link, heard = with_link(told)
    unix_host.broadcast(1)
    assert link.channel.read(link.chunks, 20)
    (waiting,) = link.chunks
    # Behind the read, before anything is taken of it.
    assert member.work(member.sit_down(), 0.0)
    member.let_go()
    message = member.take()
    assert message is not None
    assert message.data == {"n": 1}
    assert waiting
    assert not heard
    member.lose(link, ConnectionClosed("over"))


def test_callbacks_are_told_once_the_chair_is_passed_on() -> None:
    member, _ = make()
    receiver, other = queued(member)
    seen = list[bool]()
    member.teller.add("f", lambda: seen.append(other.woken))
    member.tell()
    assert seen == [True]
    assert not receiver.woken
    member.tell()  # nothing to tell, nobody to wake
    assert not receiver.woken


def test_beginning_is_one_step(unix_host: Host, told: dict[str, Any]) -> None:
    member, _ = make()
    with pytest.raises(ConnectionFailed, match="is connected already"):
        member.begin()
    former = member.end = ConnectionClosed("over")
    member.chair.sitter = OTHER
    assert not member.begin()
    assert member.end is former
    member.chair.sitter = 0
    assert member.begin()
    assert member.chair.is_mine
    assert member.end is None
    _, link = joined(told)
    member.joined(link, again=False)
    member.not_begun()
    assert member.end is former
    assert member.link is None
    assert link.channel._sock.fileno() == -1
    member.let_go()
    member.not_begun()  # it is not this thread's doing
    wait_until(lambda: not unix_host.server.clients)
