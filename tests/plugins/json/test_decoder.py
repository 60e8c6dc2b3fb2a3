"""What comes in: everything but messages is a MessageError."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugwire.errors import MessageError
from plugwire.message import Message, MessageType
from plugwire_json import JsonDecoder, JsonEncoder

LIMIT = 1 << 20
Make = Callable[..., Message]


def wire(**changes: Any) -> bytes:
    """The line of a message; a change to `...` leaves the field out."""
    fields = {
        "event_name": "status",
        "timestamp_ms": 1767960000123,
        "timestamp_iso": "2026-01-09T12:00:00.123+00:00",
        "message_type": "data",
        "data": {},
    }
    fields |= changes
    fields = {k: v for k, v in fields.items() if v is not ...}
    return json.dumps(fields).encode()


def with_data(value: bytes) -> bytes:
    return wire().replace(b"{}", b'{"a":%s}' % value)


def feed(line: bytes, limit: int = LIMIT) -> list[Message]:
    return JsonDecoder(limit).feed(line + b"\n")


def test_every_field_is_read(message: Make) -> None:
    fields: dict[str, Any] = {
        "data": {"a": [{"b": None}], "f": 1.0},
        "seq": 0,
        "id": 7,
        "reply_to": (1 << 63) - 1,
        "op": "gap",
    }
    (got,) = feed(wire(message_type="control", **fields))
    assert got == message(message_type=MessageType.CONTROL, **fields)
    assert type(got.message_type) is MessageType
    assert type(got.data["f"]) is float


def test_w13_unknown_fields_are_ignored(message: Make) -> None:
    assert feed(wire(later=[1, {"x": 2}])) == [message()]


def test_kept_is_never_a_peers_to_say(message: Make) -> None:
    assert feed(wire(kept=True)) == [message()]
    assert feed(wire(kept=False)) == [message()]


def test_w9_of_a_key_that_comes_twice_the_last_counts(message: Make) -> None:
    (got,) = feed(wire().replace(b"{}", b'{"a":1,"a":2}'))
    assert got.data == {"a": 2}
    assert feed(wire(event_name="x")[:-1] + b',"event_name":"status"}') == [
        message()
    ]


def test_w3_empty_lines_are_nothing_and_a_carriage_return_is_cut_off(
    message: Make,
) -> None:
    line = wire()
    stream = b"\n\r\n" + line + b"\r\n\n" + line + b"\n"
    assert JsonDecoder(LIMIT).feed(stream) == [message()] * 2
    assert feed(b" " + line + b"\r \r") == [message()]
    with pytest.raises(MessageError):
        feed(b" ")


def test_w10_a_line_that_does_not_end_is_no_message(message: Make) -> None:
    decoder = JsonDecoder(LIMIT)
    assert decoder.feed(wire()) == []
    assert decoder.feed(b"\n") == [message()]


def test_the_largest_ints_are_carried() -> None:
    (got,) = feed(with_data(b"[18446744073709551615,-9223372036854775808]"))
    assert got.data == {"a": [(1 << 64) - 1, -(1 << 63)]}


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"event_name": ...}, "missing required field `event_name`"),
        ({"timestamp_ms": ...}, "missing required field `timestamp_ms`"),
        ({"timestamp_iso": ...}, "missing required field `timestamp_iso`"),
        ({"message_type": ...}, "missing required field `message_type`"),
        ({"data": ...}, "missing required field `data`"),
        ({"event_name": 1}, r"Expected `str`, got `int`.*event_name"),
        ({"timestamp_ms": True}, "got `bool`"),
        ({"timestamp_ms": 1.0}, "got `float`"),
        ({"timestamp_ms": "1"}, "got `str`"),
        ({"timestamp_ms": 1 << 63}, "Expected `int` <="),
        ({"timestamp_ms": 1 << 64}, "Expected `int` <="),
        ({"timestamp_iso": "x" * 65}, "length <= 64"),
        ({"message_type": "other"}, "Invalid enum value 'other'"),
        ({"message_type": 1}, "Expected `str`"),
        ({"data": []}, "Expected `object`, got `array`"),
        ({"data": None}, "got `null`"),
        ({"data": {"a": 1 << 64}}, "int over 64 bits"),
        ({"data": {"a": [-(1 << 63) - 1]}}, "int over 64 bits"),
        ({"seq": -1}, "Expected `int` >= 0"),
        ({"id": -1}, "Expected `int` >= 0"),
        ({"reply_to": 0.5}, "got `float`"),
        ({"id": False}, "got `bool`"),
        ({"op": 1}, r"Expected `str \| null`"),
    ],
)
def test_b12_a_malformed_field_is_a_message_error(
    changes: dict[str, Any], text: str
) -> None:
    with pytest.raises(MessageError, match=text):
        feed(wire(**changes))


@pytest.mark.parametrize("name", ["", "a.b", "../x", "x" * 65, "a\n", "é"])
def test_b2_an_event_name_off_the_rule_is_a_message_error(name: str) -> None:
    decoder = JsonDecoder(LIMIT)
    decoder.feed(wire() + b"\n")
    with pytest.raises(MessageError, match="no event name"):
        decoder.feed(wire(event_name=name) + b"\n")


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"{", id="cut"),
        pytest.param(b"{}", id="empty object"),
        pytest.param(b"[]", id="array"),
        pytest.param(b"null", id="null"),
        pytest.param(wire() + wire(), id="two on a line"),
        pytest.param(wire() + b"\0", id="trailing NUL"),
        pytest.param(with_data(b'"\0"'), id="NUL in text"),
        pytest.param(b"\xef\xbb\xbf" + wire(), id="BOM"),
        pytest.param(wire().decode().encode("utf-16"), id="UTF-16"),
        pytest.param(with_data(b'"\xff"'), id="bad UTF-8"),
        pytest.param(with_data(b'"\xed\xa0\x80"'), id="surrogate"),
        pytest.param(with_data(b'"\\ud800"'), id="lone surrogate, escaped"),
        pytest.param(with_data(b"NaN"), id="NaN"),
        pytest.param(with_data(b"Infinity"), id="Infinity"),
        pytest.param(with_data(b"1e999"), id="1e999"),
        pytest.param(with_data(b"9" * 5000), id="5,000 digits"),
        pytest.param(with_data(b"01"), id="leading zero"),
        pytest.param(with_data(b"[" * 64 + b"]" * 64), id="65 deep"),
        pytest.param(with_data(b"[" * 99999 + b"]" * 99999), id="100,000"),
        pytest.param(with_data(b"[" * 100_000), id="100,000 opened"),
        pytest.param(b"GET / HTTP/1.1", id="HTTP"),
    ],
)
def test_b12_hostile_lines_are_a_message_error(line: bytes) -> None:
    with pytest.raises(MessageError) as caught:
        feed(line)
    assert 10 < len(str(caught.value)) < 300


def test_b12_a_good_line_after_a_bad_one_in_one_read_is_not_handed_out() -> (
    None
):
    with pytest.raises(MessageError):
        feed(b"{}\n" + wire())


def test_64_levels_are_carried() -> None:
    (got,) = feed(with_data(b"[" * 63 + b"]" * 63))
    assert repr(got.data).count("[") == 63


def test_b12_a_line_over_max_message_bytes_is_refused(message: Make) -> None:
    line = wire()
    assert feed(line, limit=len(line)) == [message()]
    with pytest.raises(MessageError, match="over the"):
        feed(line, limit=len(line) - 1)


@given(
    st.binary(max_size=60)
    | st.text(alphabet='{}[]":,0123456789.eE-+\\ntrfalsu ', max_size=40).map(
        str.encode
    ),
    st.booleans(),
)
def test_b12_nothing_but_message_errors_escapes(
    noise: bytes, as_data: bool
) -> None:
    line = with_data(noise) if as_data else noise
    try:
        got = feed(line)
    except MessageError:
        return
    encoder = JsonEncoder(LIMIT)
    for message in got:
        encoder.encode(message)


@given(st.integers(0, 400), st.integers(0, 255))
def test_b12_a_flipped_byte_never_escapes_as_something_else(
    at: int, byte: int
) -> None:
    raw = bytearray(wire(seq=1, data={"a": [1.5, "x", 12]}))
    raw[at % len(raw)] = byte
    try:
        got = feed(bytes(raw))
    except MessageError:
        return
    assert all(type(message) is Message for message in got)
