"""Figures in few characters."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugwire.cli.top.words import (
    many,
    milliseconds,
    moment,
    number,
    scaled,
    span,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"),
        (0.5, "0.50"),
        (9.994, "9.99"),
        (9.999, "10.0"),
        (-42.25, "-42.2"),
        (999.94, "999.9"),
        (999.96, "1.00k"),
        (12_345.0, "12.3k"),
        (8_473_829_376.0, "8.47G"),
        (999_960.0, "1.00M"),
        (3.2e18, "3.20E"),
        (7e25, "7.0e+25"),
        (0.0031, "0.0031"),
        (0.00002, "2e-05"),
    ],
)
def test_a_number_is_short(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (12_345.0, "12,345"), (-7.0, "-7"), (123_456.0, "123.5k")],
)
def test_a_whole_number_has_no_fraction(value, text):
    assert number(value, whole=True) == text


def test_numbers_of_a_kind_have_as_many_places():
    assert number(0.0, like=52.6) == "0.0"
    assert number(5.0, like=52.6) == "5.0"
    assert number(0.5, like=0.9) == "0.50"
    assert number(3.0, like=2_000_000.0) == "3.0"


@given(st.floats(allow_nan=False, allow_infinity=False), st.booleans())
def test_no_number_is_long(value, whole):
    if whole and abs(value) < 2**53:
        value = float(round(value))
    assert len(number(value, whole=whole)) <= 9


def test_prefixes_go_to_the_unit():
    assert scaled(12.5, "B/s") == "12.5 B/s"
    assert scaled(3100.0, "B/s") == "3.10 kB/s"


def test_a_count_is_exact_while_it_is_short():
    assert (many(12_345), many(1_234_567)) == ("12,345", "1.23M")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0.0 s"),
        (0.44, "0.4 s"),
        (9.96, "10 s"),
        (59.6, "1 min 00 s"),
        (185, "3 min 05 s"),
        (2 * 3600 + 600, "2 h 10 min"),
        (76 * 3600, "3 d 4 h"),
    ],
)
def test_a_span_is_said_as_people_say_it(seconds, text):
    assert span(seconds) == text


def test_a_lag_is_in_milliseconds_while_it_is_short():
    assert [milliseconds(ms) for ms in (3, 1200, 185_000)] == [
        "3 ms",
        "1.2 s",
        "3 min 05 s",
    ]


def test_a_moment_of_another_day_says_the_day():
    noon = time.mktime((2026, 3, 4, 12, 0, 0, 0, 0, -1))
    assert moment(int(noon * 1000), noon + 60) == "12:00:00"
    assert moment(int(noon * 1000), noon + 86_400) == "2026-03-04 12:00"
    assert moment(10**30, noon) == "-"
