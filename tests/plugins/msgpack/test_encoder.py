"""What goes out: the bytes, and what is refused with its path."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from enum import IntEnum
from typing import Any

import msgpack  # type: ignore[import-untyped]
import pytest

from plugwire.errors import MessageError
from plugwire.message import Message, MessageType
from plugwire_msgpack import MsgpackEncoder

LIMIT = 1 << 20
Make = Callable[..., Message]

HEAD = (
    b"\xaaevent_name\xa6status"
    b"\xactimestamp_ms\xcf\x00\x00\x01\x9b\xa2\xa0\xb6\x7b"
    b"\xadtimestamp_iso\xbd2026-01-09T12:00:00.123+00:00"
)


class Level(IntEnum):
    HIGH = 3


@pytest.fixture
def encoder() -> MsgpackEncoder:
    return MsgpackEncoder(LIMIT)


@pytest.mark.parametrize(
    ("changes", "start", "end"),
    [
        ({}, b"\x85", b"\xacmessage_type\xa4data\xa4data\x80"),
        (
            {"message_type": MessageType.ERROR, "seq": 0, "kept": True},
            b"\x86",
            b"\xacmessage_type\xa5error\xa4data\x80\xa3seq\x00",
        ),
        (
            {"id": 5, "reply_to": 300, "op": "gap", "data": {"a": b"\x01"}},
            b"\x88",
            b"\xacmessage_type\xa4data\xa4data\x81\xa1a\xc4\x01\x01"
            b"\xa2id\x05\xa8reply_to\xcd\x01\x2c\xa2op\xa3gap",
        ),
    ],
)
def test_golden_bytes(
    encoder: MsgpackEncoder,
    message: Make,
    changes: dict[str, Any],
    start: bytes,
    end: bytes,
) -> None:
    assert encoder.encode(message(**changes)) == start + HEAD + end


@pytest.mark.parametrize(
    ("count", "head"),
    [
        (1, b"\0\0\0\x02\x91"),
        (15, b"\0\0\0\x10\x9f"),
        (16, b"\0\0\0\x13\xdc\x00\x10"),
        (4096, b"\0\0\x10\x03\xdc\x10\x00"),
    ],
)
def test_a_frame_is_an_array_of_bodies(
    encoder: MsgpackEncoder, count: int, head: bytes
) -> None:
    bodies = [bytes((n % 128,)) for n in range(count)]
    frame = encoder.frame(bodies)
    assert frame == head + b"".join(bodies)
    assert msgpack.unpackb(frame[4:]) == [n % 128 for n in range(count)]


def test_a_frame_of_too_many_is_refused(encoder: MsgpackEncoder) -> None:
    with pytest.raises(MessageError, match="65536 messages is too many"):
        encoder.frame([b"\x01"] * 65536)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"a": [1, 2, 3, 1 << 64]}, r"data\.a\[3\] cannot be sent: Int"),
        ({"a": -(1 << 63) - 1}, r"data\.a cannot be sent"),
        ({"a": {"b": "\ud800"}}, r"data\.a\.b cannot be sent: 'utf-8'"),
        ({"\ud800": 1}, r"data \(its key '\\ud800'\) cannot be sent"),
        ({"a": {1: 2}}, r"data\.a has the key 1, int"),
        ({1: 2}, r"data has the key 1, int"),
        ({"a": {1, 2}}, r"data\.a is set"),
        ({"a": msgpack.Timestamp(1)}, r"data\.a is Timestamp"),
        ([], "data is list"),
    ],
)
def test_what_cannot_be_carried_is_named_and_the_next_one_is_fine(
    encoder: MsgpackEncoder, message: Make, data: Any, text: str
) -> None:
    good = encoder.encode(message())
    with pytest.raises(MessageError, match=text):
        encoder.encode(message(data=data))
    assert encoder.encode(message()) == good


def test_a_broken_field_is_a_message_error(
    encoder: MsgpackEncoder, message: Make
) -> None:
    with pytest.raises(MessageError, match="the message cannot be sent"):
        encoder.encode(message(timestamp_ms=1 << 70))


def test_relatives_are_carried_as_what_they_are(
    encoder: MsgpackEncoder, message: Make
) -> None:
    data = {"t": (1, Level.HIGH), "m": memoryview(b"a"), "o": OrderedDict(a=1)}
    same = {"t": [1, 3], "m": b"a", "o": {"a": 1}}
    assert encoder.encode(message(data=data)) == encoder.encode(
        message(data=same)
    )


def test_a_message_of_the_limit_passes_and_one_byte_more_does_not(
    encoder: MsgpackEncoder, message: Make
) -> None:
    room = LIMIT - len(encoder.encode(message(data={"a": b""}))) - 3
    body = encoder.encode(message(data={"a": bytes(room)}))
    assert len(body) == LIMIT
    with pytest.raises(
        MessageError, match=r"1048577 bytes, over the 1048576.*max_message"
    ):
        encoder.encode(message(data={"a": bytes(room + 1)}))
    assert encoder.encode(message(data={"a": bytes(room)})) == body


@pytest.mark.parametrize("seq", [None, 7])
@pytest.mark.parametrize(
    "more",
    [
        {},
        {str(number): number for number in range(20)},
        {"text": "x" * 80_000, "other": b"y" * 66_000},
        {"list": [1, 2]},
        {"edge": bytes(65_535), "over": bytes(65_536)},
    ],
)
def test_large_bytes_are_the_same_however_they_are_put_together(
    encoder: MsgpackEncoder,
    message: Make,
    seq: int | None,
    more: dict[str, Any],
) -> None:
    large = message(data={"blob": bytes(100_000), **more}, seq=seq)
    first = encoder.encode(large)
    for _ in range(3):
        assert encoder.encode(large) == first
    small = message(data={"a": 1})
    assert encoder.encode(small) == MsgpackEncoder(LIMIT).encode(small)
    assert encoder.frame([first]) == encoder.head(first) + first


def test_large_bytes_with_a_wrong_neighbour_are_refused_with_its_path(
    encoder: MsgpackEncoder, message: Make
) -> None:
    for data, path in (
        ({"blob": bytes(100_000), "n": 1 << 70}, "n"),
        ({"blob": bytes(100_000), 5: 1}, "5"),
        ({"blob": bytes(100_000), "s": {1}}, "s"),
    ):
        encoder.encode(message(data={"blob": bytes(100_000)}))
        with pytest.raises(MessageError, match=path):
            encoder.encode(message(data=data))
    encoder.encode(message(data={"blob": bytes(100_000)}))
    with pytest.raises(MessageError, match="max_message_bytes"):
        encoder.encode(message(data={"blob": bytes(LIMIT)}))
