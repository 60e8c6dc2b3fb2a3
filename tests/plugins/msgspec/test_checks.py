"""What is exact, and which bytes may be a timestamp."""

from __future__ import annotations

from collections import OrderedDict
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugwire_msgspec.checks import SMALL, is_exact, may_hold_timestamps


class Level(IntEnum):
    HIGH = 3


def deep(levels: int) -> Any:
    value: Any = 1
    for level in range(levels):
        value = {"a": value} if level % 2 else [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        {"a": None, "b": True, "c": 1, "d": 1.5, "e": "x", "f": b"x"},
        {"a": [{"b": []}, {"c": {}}, 1], "d": "x"},
        {"a": 1 << 70},  # for msgspec to say
        deep(64),
    ],
)
def test_these_are_exact(value: Any) -> None:
    assert is_exact(value)


@pytest.mark.parametrize(
    "value",
    [
        1,
        (1, 2),
        OrderedDict(a=1),
        {1: 2},
        {None: 2},
        {"a": {b"a": 1}},
        {"a": Level.HIGH},
        {"a": [1, (2,)]},
        {"a": [{}, {1, 2}]},
        {"a": datetime(2026, 1, 9, tzinfo=UTC)},
        {"a": [bytearray(b"x")]},
        deep(65),
    ],
)
def test_these_are_not(value: Any) -> None:
    assert not is_exact(value)


@given(
    st.datetimes(timezones=st.just(UTC)),
    st.binary(max_size=20),
    st.binary(max_size=20),
)
def test_no_timestamp_is_missed(
    moment: datetime, before: bytes, behind: bytes
) -> None:
    stamp = msgspec.msgpack.encode(moment)
    assert may_hold_timestamps(before + stamp + behind, 1)


def test_what_holds_none_is_mostly_told_so() -> None:
    assert not may_hold_timestamps(b"", 1)
    assert not may_hold_timestamps(b"x" * SMALL, 1)
    assert not may_hold_timestamps(b"\xff\x00\xff\xcc\xff\x04\xff", 1)
    assert not may_hold_timestamps(b"x" * SMALL * 3, 3)


def test_large_messages_are_not_searched() -> None:
    assert may_hold_timestamps(b"x" * (SMALL + 1), 1)
    assert may_hold_timestamps(b"x" * (SMALL * 3 + 1), 3)
