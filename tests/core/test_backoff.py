"""Back-off: full jitter, a cap, an end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from plugwire.backoff import Backoff


@given(
    first=st.floats(0, 100),
    cap=st.floats(0, 1000),
    draws=st.lists(st.floats(0, 1, exclude_max=True), max_size=80),
)
def test_b10_delays_are_drawn_from_all_of_a_doubling_reach(
    first: float, cap: float, draws: list[float]
) -> None:
    left = iter(draws)
    backoff = Backoff(first, cap, 0, lambda: next(left))
    waited = 0.0
    for attempt, draw in enumerate(draws):
        doubled = first * 2.0**attempt
        delay = backoff.next()
        assert delay == draw * min(cap, doubled, first + 2 * waited)
        waited += delay


@given(st.lists(st.floats(0, 1, exclude_max=True), max_size=80))
def test_b10_who_was_away_for_two_seconds_is_back_in_five_more(
    draws: list[float],
) -> None:
    left = iter(draws)
    backoff = Backoff(0.1, 30.0, 0, lambda: next(left))
    away = 0.0
    for _ in draws:
        delay = backoff.next()
        assert delay is not None
        away += delay
        if away > 2.0:
            assert away < 2.0 + 5.0
            return


def test_usual_draws_double_it() -> None:
    backoff = Backoff(0.1, 30.0, 0, lambda: 0.5)
    delays = [backoff.next() for _ in range(11)]
    assert delays[:4] == [0.05, 0.1, 0.2, 0.4]
    assert delays[-1] == 15.0


def test_jitter_is_full_and_not_the_same_for_all() -> None:
    delays = [Backoff(8.0, 30.0, 0).next() for _ in range(300)]
    drawn = [delay for delay in delays if delay is not None]
    assert 0.0 <= min(drawn) < 2.0
    assert 6.0 < max(drawn) <= 8.0
    assert len(set(drawn)) > 250


def test_b10_tries_end() -> None:
    backoff = Backoff(1.0, 30.0, 3, lambda: 1.0)
    assert [backoff.next() for _ in range(5)] == [1.0, 2.0, 4.0, None, None]
    assert backoff.attempts == 3


def test_it_goes_on_for_ever_without_a_number_of_tries() -> None:
    backoff = Backoff(0.1, 30.0, 0, lambda: 1.0)
    delays = [backoff.next() for _ in range(2000)]
    assert delays[-1] == 30.0
    assert None not in delays
