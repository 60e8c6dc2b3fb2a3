"""What the kit compares messages with."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest

from plugwire.framing import MAX_DEPTH
from plugwire.testing.codec.model import alike, flaw, message, nested, rich
from plugwire.values import check_received, plain


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        (1, True),
        (0.0, -0.0),
        ("a", b"a"),
        ([1], (1,)),
        ([1], [1, 2]),
        ({"a": [1]}, {"a": [1.0]}),
        ({"a": 1}, {"b": 1}),
        (None, False),
    ],
)
def test_what_only_looks_equal_is_not_alike(one: Any, other: Any) -> None:
    assert not alike({"value": one}, {"value": other})
    assert not alike({"value": other}, {"value": one})
    assert alike({"value": one}, {"value": one})


def test_nan_is_alike() -> None:
    assert alike([math.nan], [float("nan")])


def test_levels_are_counted_as_plugwire_counts_them() -> None:
    check_received(nested(MAX_DEPTH))
    assert plain(nested(MAX_DEPTH)) == nested(MAX_DEPTH)
    assert flaw(message(nested(MAX_DEPTH))) == ""
    assert "levels" in flaw(message(nested(MAX_DEPTH + 1)))


def test_a_message_of_everything_is_whole() -> None:
    assert flaw(rich()) == ""
    assert flaw(message()) == ""
    assert set(msgspec.structs.asdict(rich())) >= {"seq", "id", "op"}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"event_name": "a.b"}, "event_name"),
        ({"event_name": 1}, "event_name"),
        ({"timestamp_ms": True}, "timestamp_ms"),
        ({"timestamp_ms": 1 << 63}, "timestamp_ms"),
        ({"timestamp_iso": "x" * 65}, "timestamp_iso"),
        ({"message_type": "data"}, "message_type"),
        ({"seq": -1}, "seq"),
        ({"id": True}, "id"),
        ({"reply_to": 1 << 63}, "reply_to"),
        ({"op": 1}, "op"),
        ({"kept": True}, "kept"),
        ({"data": []}, "data that is list"),
        ({"data": {1: 2}}, "key 1"),
        ({"data": {"a": [{b"b": 2}]}}, "key b'b'"),
        ({"data": {"a": 1 << 64}}, "the int"),
        ({"data": {"a": [{1, 2}]}}, "a set"),
    ],
)
def test_each_flaw_is_seen(fields: dict[str, Any], words: str) -> None:
    assert words in flaw(message(**fields))


def test_what_is_no_message_is_a_flaw() -> None:
    assert flaw({}) == "a dict, no Message"
