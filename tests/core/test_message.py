"""Event names, timestamps, and what a Message is."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from plugwire.errors import ValidationFailed
from plugwire.message import Message, MessageType, Stamp, check_event_name
from plugwire.protocol import Messages

RULE = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def message(**changes: Any) -> Message:
    fields: dict[str, Any] = {
        "event_name": "status",
        "timestamp_ms": 1,
        "timestamp_iso": "1970-01-01T00:00:00.001+00:00",
        "message_type": MessageType.DATA,
        "data": {"load": 0.5},
    }
    return Message(**(fields | changes))


@pytest.mark.parametrize("name", ["a", "Z9_-", "-", "x" * 64, "0"])
def test_b2_a_good_event_name_is_returned(name: str) -> None:
    assert check_event_name(name) == name


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "it is empty"),
        ("x" * 65, "it has 65 characters"),
        ("a.b", r"it holds '\.'"),
        ("a b/c", "it holds ' ', '/'"),
        ("a\n", r"it holds '\\n'"),
        ("a\0", r"it holds '\\x00'"),
        ("é", "it holds 'é'"),
        ("٣", "it holds '٣'"),
        (7, "it is int, not str"),
        (None, "it is NoneType, not str"),
        (b"abc", "it is bytes, not str"),
    ],
)
def test_b2_a_bad_event_name_is_refused_and_says_why(
    name: Any, why: str
) -> None:
    with pytest.raises(ValidationFailed, match=why) as caught:
        check_event_name(name)
    assert isinstance(caught.value, ValueError)
    assert len(str(caught.value)) < 250


@given(st.text(max_size=70) | st.from_regex(RULE, fullmatch=True))
@example("status\n")
def test_b2_the_rule_is_the_written_one(name: str) -> None:
    if re.fullmatch(RULE, name):
        assert check_event_name(name) == name
    else:
        with pytest.raises(ValidationFailed):
            check_event_name(name)


def test_messages_are_equal_when_their_fields_are() -> None:
    assert message(seq=1) == message(seq=1)
    assert message(seq=1) != message(seq=2)
    assert message() != message(kept=True)
    assert message() != message(data={"load": 0.6})


def test_a_field_cannot_be_rebound_and_data_is_the_receivers_own() -> None:
    got = message()
    with pytest.raises(AttributeError):
        got.seq = 3  # type: ignore[misc]
    got.data["more"] = 1
    assert got.data == {"load": 0.5, "more": 1}


def test_what_does_not_apply_is_none() -> None:
    got = message()
    assert (got.seq, got.id, got.reply_to, got.op) == (None,) * 4
    assert got.kept is False


@pytest.mark.parametrize(
    ("zone", "ns", "iso"),
    [
        (UTC, 0, "1970-01-01T00:00:00.000+00:00"),
        (UTC, 1767960000123999999, "2026-01-09T12:00:00.123+00:00"),
        (
            ZoneInfo("America/St_Johns"),
            1767960000007000000,
            "2026-01-09T08:30:00.007-03:30",
        ),
        (
            timezone(timedelta(hours=-11)),
            1767960000000000000,
            "2026-01-09T01:00:00.000-11:00",
        ),
        (
            timezone(timedelta(seconds=3723)),
            1767960000001000000,
            "2026-01-09T13:02:03.001+01:02:03",
        ),
        (UTC, -1_000_000, "1969-12-31T23:59:59.999+00:00"),
    ],
)
def test_b1_timestamps_are_the_same_moment_in_the_zone(
    zone: tzinfo, ns: int, iso: str
) -> None:
    stamp = Messages("load", zone, lambda: ns).stamp()
    assert stamp == Stamp("load", ns // 1_000_000, iso, MessageType.DATA)


def test_b1_the_offset_changes_where_summer_time_begins_and_ends() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    moments = {
        datetime(2026, 3, 29, 0, 59, 59, 999000, UTC): "01:59:59.999+01:00",
        datetime(2026, 3, 29, 1, 0, 0, 0, UTC): "03:00:00.000+02:00",
        datetime(2026, 10, 25, 0, 59, 59, 999000, UTC): "02:59:59.999+02:00",
        datetime(2026, 10, 25, 1, 0, 0, 0, UTC): "02:00:00.000+01:00",
    }
    now = iter([round(m.timestamp() * 1000) * 1_000_000 for m in moments])
    maker = Messages("load", berlin, lambda: next(now))
    told = [maker.stamp().timestamp_iso[11:] for _ in moments]
    assert told == list(moments.values())


@given(
    st.lists(st.integers(0, 4_000_000_000_000), min_size=1, max_size=20),
    st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu"]),
)
def test_b1_stamps_are_right_in_any_order_of_moments(
    moments: list[int], zone: str
) -> None:
    now = iter(moments)
    maker = Messages("load", ZoneInfo(zone), lambda: next(now) * 1_000_000)
    for ms in moments:
        stamp = maker.stamp()
        assert stamp.timestamp_ms == ms
        read = datetime.fromisoformat(stamp.timestamp_iso)
        assert read == datetime.fromtimestamp(0, UTC) + timedelta(
            milliseconds=ms
        )
        here = read.astimezone(ZoneInfo(zone))
        assert read.utcoffset() == here.utcoffset()


def test_b1_the_clock_is_the_machines() -> None:
    maker = Messages("load", UTC)
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    stamps = [maker.stamp() for _ in range(3)]
    after = datetime.now(UTC)
    for stamp in stamps:
        moment = datetime.fromisoformat(stamp.timestamp_iso)
        assert before <= moment <= after
        since = moment - datetime.fromtimestamp(0, UTC)
        assert since == timedelta(milliseconds=stamp.timestamp_ms)
    told = [stamp.timestamp_ms for stamp in stamps]
    assert all(a <= b for a, b in pairwise(told))


def test_a_stamp_is_the_same_one_for_all_of_its_millisecond() -> None:
    """What a codec made of it holds for as long as it is the same one."""
    now = iter([5_000_000, 5_999_999, 6_000_000, 6_000_000, 6_000_000])
    maker = Messages("load", UTC, lambda: next(now))
    first, same, later = (maker.stamp() for _ in range(3))
    assert same is first
    assert later is not first
    assert later.timestamp_ms == 6
    failure = maker.stamp(MessageType.ERROR)
    assert failure.message_type is MessageType.ERROR
    assert maker.stamp() == later
    with pytest.raises(ValidationFailed):
        Messages("load", UTC).stamp(event_name="no name")
    named = Messages("load", UTC).stamp(event_name="other")
    assert named.event_name == "other"
