"""What comes in: everything but messages is a MessageError."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import msgpack  # type: ignore[import-untyped]
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from plugwire.errors import MessageError
from plugwire.framing import frame
from plugwire.message import Message, MessageType
from plugwire_msgspec import MsgspecDecoder, MsgspecEncoder

LIMIT = 1 << 20
Make = Callable[..., Message]


def wire(**changes: Any) -> dict[str, Any]:
    """The map of a message; a change to `...` leaves the field out."""
    fields = {
        "event_name": "status",
        "timestamp_ms": 1767960000123,
        "timestamp_iso": "2026-01-09T12:00:00.123+00:00",
        "message_type": "data",
        "data": {},
    }
    fields |= changes
    return {k: v for k, v in fields.items() if v is not ...}


def feed(payload: bytes, limit: int = LIMIT) -> list[Message]:
    """What a decoder makes of it that knows the name, and so looks least."""
    decoder = MsgspecDecoder(limit)
    decoder.feed(frame(packed(wire(timestamp_iso=""))))
    return decoder.feed(frame(payload))


def packed(*maps: Any) -> bytes:
    body: bytes = msgpack.packb(list(maps))
    return body


def with_data(value: bytes) -> bytes:
    """A frame whose message's data is `{"a": <the bytes>}`."""
    whole = packed(wire(data={"a": None}))
    return whole.replace(b"\x81\xa1a\xc0", b"\x81\xa1a" + value)


def deep(levels: int) -> bytes:
    """Lists in lists, so that data has `levels` levels."""
    return b"\x91" * (levels - 2) + b"\x90"


def test_every_field_is_read(message: Make) -> None:
    (got,) = feed(
        packed(
            wire(
                message_type="control",
                data={"a": [{"b": b"x"}]},
                seq=0,
                id=7,
                reply_to=(1 << 63) - 1,
                op="gap",
            )
        )
    )
    assert got == message(
        message_type=MessageType.CONTROL,
        data={"a": [{"b": b"x"}]},
        seq=0,
        id=7,
        reply_to=(1 << 63) - 1,
        op="gap",
    )
    assert type(got.message_type) is MessageType


def test_w13_unknown_fields_are_ignored(message: Make) -> None:
    assert feed(packed(wire(later=[1, {"x": 2}]))) == [message()]


def test_kept_is_never_a_peers_to_say(message: Make) -> None:
    got = feed(packed(wire(kept=True), wire(kept=False), wire(kept=True)))
    assert got == [message()] * 3


def test_w9_of_a_key_that_comes_twice_the_last_counts() -> None:
    twice = packed(wire(data={"a": 1, "b": 2})).replace(b"\xa1b", b"\xa1a")
    (got,) = feed(twice)
    assert got.data == {"a": 2}


def test_array_headers_of_any_width_are_read(message: Make) -> None:
    body = msgpack.packb(wire())
    for head in (b"\x91", b"\xdc\x00\x01", b"\xdd\x00\x00\x00\x01"):
        assert feed(head + body) == [message()]
        assert feed(head + body, limit=len(body)) == [message()]
        with pytest.raises(MessageError, match="max_message_bytes"):
            feed(head + body, limit=len(body) - 1)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"event_name": ...}, "missing required field `event_name`"),
        ({"timestamp_ms": ...}, "missing required field `timestamp_ms`"),
        ({"timestamp_iso": ...}, "missing required field `timestamp_iso`"),
        ({"message_type": ...}, "missing required field `message_type`"),
        ({"data": ...}, "missing required field `data`"),
        ({"event_name": 1}, r"Expected `str`, got `int`.*event_name"),
        ({"event_name": b"status"}, "got `bytes`"),
        ({"timestamp_ms": True}, "got `bool`"),
        ({"timestamp_ms": 1.0}, "got `float`"),
        ({"timestamp_ms": "1"}, "got `str`"),
        ({"timestamp_ms": 1 << 63}, "Expected `int` <="),
        ({"timestamp_iso": "x" * 65}, "length <= 64"),
        ({"message_type": "other"}, "Invalid enum value 'other'"),
        ({"message_type": 1}, "Expected `str`"),
        ({"data": []}, "Expected `object`, got `array`"),
        ({"data": None}, "got `None`"),
        ({"data": {1: 2}}, "Expected `str`, got `int`"),
        ({"data": {b"a": 2}}, "Expected `str`, got `bytes`"),
        ({"data": {"a": {b"a": 2}}}, "key not str"),
        ({"data": {"t": msgpack.Timestamp(1)}}, "holds datetime"),
        ({"data": {"e": msgpack.ExtType(5, b"")}}, "holds ExtType"),
        ({"data": {"e": [msgpack.ExtType(5, b"")]}}, "holds ExtType"),
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
        feed(packed(wire(), wire(**changes)))


@pytest.mark.parametrize("name", ["", "a.b", "../x", "x" * 65, "a\n", "é"])
def test_b2_an_event_name_off_the_rule_is_a_message_error(name: str) -> None:
    with pytest.raises(MessageError, match="no event name"):
        feed(packed(wire(), wire(event_name=name)))


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"", id="empty frame"),
        pytest.param(b"\x90", id="empty array"),
        pytest.param(b"\xdc", id="array header cut"),
        pytest.param(b"\xdc\x10\x01", id="4097 messages"),
        pytest.param(b"\xdd\xff\xff\xff\xff", id="4 G messages"),
        pytest.param(msgpack.packb(wire()), id="a map, no array"),
        pytest.param(b"\x91\x01", id="no map"),
        pytest.param(b"\x91\xc1", id="never used byte"),
        pytest.param(b"\x92" + msgpack.packb(wire()), id="truncated"),
        pytest.param(packed(wire())[:-1], id="cut"),
        pytest.param(packed(wire()) + b"\xc0", id="trailing byte"),
        pytest.param(with_data(b"\xa1\xff"), id="bad UTF-8"),
        pytest.param(with_data(b"\xa3\xed\xa0\x80"), id="surrogate"),
        pytest.param(with_data(b"\xc7\x03\xffabc"), id="timestamp length"),
        pytest.param(with_data(b"\xd7\xff" + b"\xff" * 8), id="nanoseconds"),
        pytest.param(
            with_data(b"\xc7\x0c\xff" + b"\0" * 4 + b"\x7f" * 8), id="year"
        ),
        pytest.param(with_data(b"\xd4\x05a"), id="ext"),
        pytest.param(with_data(b"\xdb\xff\xff\xff\xff"), id="4 GiB str"),
        pytest.param(with_data(b"\xdd\xff\xff\xff\xff"), id="4 G items"),
        pytest.param(with_data(b"\xdf\xff\xff\xff\xff"), id="4 G keys"),
        pytest.param(with_data(b"\x81\x90\x01"), id="a list as key"),
        pytest.param(with_data(deep(65)), id="65 deep"),
        pytest.param(with_data(deep(2000)), id="2,000 deep"),
        pytest.param(with_data(deep(100_000)), id="100,000 deep"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="HTTP"),
        pytest.param(b'[{"event_name":"a"}]', id="JSON"),
    ],
)
def test_b12_hostile_bytes_are_a_message_error(payload: bytes) -> None:
    with pytest.raises(MessageError) as caught:
        feed(payload)
    assert 10 < len(str(caught.value)) < 300


def test_64_levels_are_carried() -> None:
    (got,) = feed(with_data(deep(64)))
    assert repr(got.data).count("[") == 63


def test_b12_nested_arrays_that_claim_to_be_long_are_a_message_error() -> None:
    claim = b"\xdd" + (1 << 20).to_bytes(4, "big")
    with pytest.raises(MessageError):
        feed((b"\x91" + claim * 1000).ljust(LIMIT, b"\x01"))


def test_b12_the_deepest_input_is_a_message_error_on_4_mib_of_stack() -> None:
    caught: list[BaseException] = []

    def run() -> None:
        try:
            feed(with_data(deep(1_000_000)))
        except MessageError as error:
            caught.append(error)

    before = threading.stack_size(4 << 20)
    try:
        thread = threading.Thread(target=run)
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join(10)
    assert len(caught) == 1


def with_message(key: bytes) -> bytes:
    """A frame whose message has one pair more, these bytes."""
    return b"\x91\x86" + msgpack.packb(wire())[1:] + key


@pytest.mark.parametrize(
    "pair",
    [
        pytest.param(b"\xa5later\x81\x01\x02", id="a key not str"),
        pytest.param(b"\xa5later\xa1\xff", id="bad UTF-8"),
        pytest.param(b"\xa5later" + deep(90), id="deep"),
        pytest.param(b"\xa5later\xd4\x05a", id="ext"),
        pytest.param(b"\xa5later\xd6\xff\0\0\0\1", id="timestamp"),
        pytest.param(b"\xa3\xff\xff\xff\x01", id="a key of bad UTF-8"),
    ],
)
def test_w13_of_what_is_ignored_only_the_end_is_found(
    message: Make, pair: bytes
) -> None:
    assert feed(with_message(pair)) == [message()]
    with pytest.raises(MessageError):
        feed(with_message(pair)[:-1])


@pytest.mark.parametrize("size", [4, 8, 12])
@pytest.mark.parametrize("ext", [b"\xc7", b"\xc8\0", b"\xc9\0\0\0"])
def test_a_timestamp_of_any_length_of_length_is_found(
    ext: bytes, size: int
) -> None:
    value = ext + bytes((size,)) + b"\xff" + bytes(size)
    for count in (1, 2, 50):
        body = with_data(value)[1:]
        with pytest.raises(MessageError, match="holds datetime"):
            feed(b"\xdc" + count.to_bytes(2, "big") + body * count)
    with pytest.raises(MessageError, match="holds datetime"):
        feed(with_data(b"\x91" + value))


def test_a_frame_of_one_is_looked_at_too(message: Make) -> None:
    stamp = b"\xd6\xff\0\0\0\1"
    for value in (stamp, b"\x91" + stamp, b"\x81\x01\x02"):
        with pytest.raises(MessageError, match="data"):
            feed(with_data(value))
    padding = "x" * 5000
    large = packed(wire(data={"a": None, "b": padding}))
    with pytest.raises(MessageError, match="holds datetime"):
        feed(large.replace(b"\xa1a\xc0", b"\xa1a" + stamp))
    assert feed(packed(wire(kept=True))) == [message()]
    with pytest.raises(MessageError, match="no event name"):
        feed(packed(wire(event_name="a.b")))


def test_what_looks_like_a_frame_inside_of_one_is_none(message: Make) -> None:
    inner = frame(packed(wire()))
    outer = frame(packed(wire(data={"a": inner})))
    assert outer.endswith(inner)
    decoder = MsgspecDecoder(LIMIT)
    assert decoder.feed(outer[: -len(inner)]) == []
    assert decoder.feed(inner) == [message(data={"a": inner})]
    assert decoder.feed(inner) == [message()]


def test_views_and_bytearrays_are_read_too(message: Make) -> None:
    whole = frame(with_data(b"\xc4\x01\xff"))
    for kind in (bytearray, memoryview):
        assert MsgspecDecoder(LIMIT).feed(kind(whole)) == [
            message(data={"a": b"\xff"})
        ]
        with pytest.raises(MessageError, match="holds datetime"):
            MsgspecDecoder(LIMIT).feed(
                kind(frame(with_data(b"\xd6\xff\0\0\0\1")))
            )


def test_the_bytes_of_a_large_message_are_its_own(message: Make) -> None:
    whole = bytearray(frame(packed(wire(data={"a": b"x" * 100_000}))))
    (got,) = MsgspecDecoder(LIMIT).feed(whole)
    whole[:] = bytes(len(whole))
    assert got.data == {"a": b"x" * 100_000}


@given(st.binary(max_size=60), st.booleans())
@example(b"\x91\xd7\xff" + b"\xff" * 8, False)
def test_b12_nothing_but_message_errors_escapes(
    noise: bytes, as_data: bool
) -> None:
    try:
        feed(with_data(noise) if as_data else noise)
    except MessageError:
        return
    # what passes can be sent on
    encoder = MsgspecEncoder(LIMIT)
    for message in feed(with_data(noise) if as_data else noise):
        encoder.encode(message)


@given(st.integers(0, 400), st.integers(0, 255))
def test_b12_a_flipped_byte_never_escapes_as_something_else(
    at: int, byte: int
) -> None:
    raw = bytearray(packed(wire(seq=1, data={"a": [1.5, "x"]}), wire(id=2)))
    raw[at % len(raw)] = byte
    try:
        got = feed(bytes(raw))
    except MessageError:
        return
    assert all(type(message) is Message for message in got)
