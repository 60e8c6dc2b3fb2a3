"""Rates and lag over the last seconds."""

import pytest

from plugwire.cli.top.meter import SLOT, SLOTS, Meter

WINDOW = SLOT * SLOTS


def test_nothing_came_yet():
    reading = Meter().read(100.0)
    assert (reading.rate, reading.bytes, reading.worst) == (0, 0, None)


def test_a_steady_rate_is_told():
    meter = Meter()
    for n in range(200):
        meter.message(100 + n * 0.1, 3)
        meter.size(100 + n * 0.1, 500)
    reading = meter.read(119.95)
    assert reading.rate == pytest.approx(10, rel=0.03)
    assert reading.bytes == pytest.approx(5000, rel=0.03)


def test_the_first_second_does_not_exaggerate():
    meter = Meter()
    for _ in range(10):
        meter.message(100.0, 0)
    assert meter.read(100.01).rate == 10
    assert meter.read(102.0).rate == pytest.approx(5)


def test_silence_ends_the_rate_and_the_lag():
    meter = Meter()
    meter.message(100.0, 7)
    assert meter.read(101.0).worst == 7
    reading = meter.read(100.0 + WINDOW + SLOT)
    assert (reading.rate, reading.worst) == (0, None)


def test_the_worst_lag_counts():
    meter = Meter()
    for lag in (3, 90, -4):
        meter.message(100.0, lag)
    meter.message(102.0, 5)
    assert meter.read(102.0).worst == 90
    assert meter.read(100.0 + WINDOW + SLOT).worst == 5
