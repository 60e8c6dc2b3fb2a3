"""Waiting for one's turn, on bare locks."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from peers import Call

from plugwire.sync.turns import (
    Turn,
    deadline_in,
    earlier,
    is_past,
    left_until,
)

PAST = 0.0


def test_no_deadline_never_comes() -> None:
    assert deadline_in(None) is None
    assert left_until(None) is None
    assert not is_past(None)


def test_a_deadline_is_so_many_seconds_away() -> None:
    deadline = deadline_in(1000.0)
    assert deadline is not None
    assert not is_past(deadline)
    left = left_until(deadline)
    assert left is not None
    assert 900 < left <= 1000


@pytest.mark.parametrize("seconds", [0.0, -1.0])
def test_no_time_is_over_at_once(seconds: float) -> None:
    deadline = deadline_in(seconds)
    assert is_past(deadline)
    assert left_until(deadline) == 0.0


@given(one=st.none() | st.floats(0, 1e9), other=st.none() | st.floats(0, 1e9))
def test_the_earlier_of_two_deadlines(
    one: float | None, other: float | None
) -> None:
    def key(deadline: float | None) -> float:
        return math.inf if deadline is None else deadline

    found = earlier(one, other)
    assert found in (one, other)
    assert key(found) == min(key(one), key(other))


def test_one_that_was_woken_does_not_wait() -> None:
    turn = Turn()
    turn.wake()
    turn.wake()  # no harm
    turn.wait(None)
    assert turn.woken


def test_waking_ends_a_wait_in_another_thread() -> None:
    turn = Turn()
    waiting = Call(turn.wait, None)
    assert not waiting.is_over
    turn.wake()
    waiting.result()


@pytest.mark.parametrize("deadline", [math.inf, 1e15])
def test_a_deadline_may_be_further_than_a_lock_can_wait(
    deadline: float,
) -> None:
    turn = Turn()
    waiting = Call(turn.wait, deadline)
    turn.wake()
    waiting.result()


@given(st.lists(st.sampled_from(["wake", "rearm", "wait"]), max_size=20))
def test_it_is_free_from_a_wake_up_until_somebody_waited_or_rearmed(
    steps: list[str],
) -> None:
    turn, is_woken = Turn(), False
    for step in steps:
        if step == "wake":
            turn.wake()
            is_woken = True
        elif step == "rearm":
            turn.rearm()
            is_woken = False
        else:
            turn.wait(PAST)
        assert turn.woken is is_woken
    turn.rearm()
    assert not turn._gate.acquire(blocking=False), "it would not have waited"
