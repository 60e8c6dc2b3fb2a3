"""Bars of text."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugwire.cli.top.board import WINDOW, Row
from plugwire.cli.top.spark import BLOCKS, bars, columns, per_column


def row_of(values):
    row = Row("a", 0.0)
    for number, value in enumerate(values):
        row.put(float(value), number, 0.0)
    return row


def test_lowest_shows_and_highest_is_full():
    assert bars([0, 7], 0, 7, 1) == ["▁█"]
    assert bars([0, 1, 2, 3, 4, 5, 6, 7], 0, 7, 1) == [BLOCKS[1:]]


def test_bars_of_several_lines_stand_on_one_another():
    assert bars([0, 15, 7], 0, 15, 2) == [" █ ", "▁██"]


@pytest.mark.parametrize("value", [0.0, 3.5, -2.0, 1e300])
def test_what_does_not_move_lies_on_the_ground(value):
    assert bars([value] * 3, value, value, 1) == ["▁▁▁"]


def test_noise_stays_near_the_ground():
    (line,) = bars([1000, 1001, 1002], 1000, 1002, 1)
    assert set(line) <= set("▁▂")


@given(
    st.lists(
        st.floats(allow_nan=False, allow_infinity=False),
        min_size=1,
        max_size=30,
    ),
    st.integers(1, 4),
)
def test_any_finite_numbers_make_bars(values, lines):
    drawn = bars(values, min(values), max(values), lines)
    assert [len(line) for line in drawn] == [len(values)] * lines
    assert set(drawn[-1]) <= set(BLOCKS[1:])


def test_the_widest_range_of_floats():
    most = sys.float_info.max
    assert bars([-most, 0.0, most], -most, most, 1) == ["▁▅█"]
    assert bars([0.0, 5e-324], 0.0, 5e-324, 1) in (["▁▁"], ["▁█"])


@pytest.mark.parametrize("width", [1, 7, 26, 75, 80, 140, 700])
def test_all_is_seen_and_a_full_history_leaves_nothing_empty(width):
    shares = [per_column(n, width) for n in range(WINDOW + 1)]
    assert shares == sorted(shares)
    full = columns(row_of(range(WINDOW)), width, shares[-1])
    assert len(full) == min(width, WINDOW)
    for n in range(1, WINDOW // 2, 37):
        # What is left of the oldest column may not fit.
        assert shares[n] * (width + 1) > n or shares[n] == WINDOW // width


def test_a_column_is_the_mean_of_its_samples():
    assert columns(row_of([1, 5, 2, 3, 9, 0]), 3, 2) == [3.0, 2.5, 4.5]
    # The newest has not got all of its own yet.
    assert columns(row_of([1, 2, 6, 5]), 3, 3) == [3.0, 5.0]


def test_columns_move_and_do_not_change():
    """The same samples share a column at whatever moment it is drawn."""
    values = [(n * 37) % 101 for n in range(2 * WINDOW)]
    means = [sum(values[n : n + 8]) / 8 for n in range(0, len(values), 8)]
    row = row_of(values[:WINDOW])
    for number in range(WINDOW, 2 * WINDOW):
        whole, growing = divmod(number, 8)
        drawn = columns(row, 75, 8)
        newest = drawn[: -1 if growing else None]
        # The oldest may have lost some of its samples.
        assert newest[-70:] == pytest.approx(means[whole - 70 : whole])
        row.put(float(values[number]), number, 0.0)


def test_no_width_is_no_column():
    assert columns(row_of([1, 2]), 0, per_column(2, 0)) == []
