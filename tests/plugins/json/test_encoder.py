"""What goes out: the line, and what is refused with its path."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest

from plugwire.errors import MessageError
from plugwire.message import Message, MessageType
from plugwire_json import JsonEncoder

LIMIT = 1 << 20
NAN, INF = float("nan"), float("inf")
Make = Callable[..., Message]

HEAD = (
    b'{"event_name":"status","timestamp_ms":1767960000123,'
    b'"timestamp_iso":"2026-01-09T12:00:00.123+00:00",'
)


class Colour(StrEnum):
    RED = "red"


class Celsius(float):
    pass


@pytest.fixture
def encoder() -> JsonEncoder:
    return JsonEncoder(LIMIT)


@pytest.mark.parametrize(
    ("changes", "end"),
    [
        ({}, b'"message_type":"data","data":{}}'),
        (
            {"message_type": MessageType.ERROR, "seq": 0, "kept": True},
            b'"message_type":"error","data":{},"seq":0}',
        ),
        (
            {"id": 5, "reply_to": 300, "op": "gap", "data": {"a": b"\x01"}},
            b'"message_type":"data","data":{"a":"AQ=="},'
            b'"id":5,"reply_to":300,"op":"gap"}',
        ),
        (
            {"data": {"a": None, "b": [1.5, True, "é\n"]}},
            b'"message_type":"data",'
            b'"data":{"a":null,"b":[1.5,true,"\xc3\xa9\\n"]}}',
        ),
    ],
)
def test_golden_lines(
    encoder: JsonEncoder, message: Make, changes: dict[str, Any], end: bytes
) -> None:
    assert encoder.encode(message(**changes)) == HEAD + end


def test_a_frame_is_lines(encoder: JsonEncoder) -> None:
    assert encoder.frame([b"{}"]) == b"{}\n"
    assert encoder.frame([b"{}", b"[]"]) == b"{}\n[]\n"


def test_any_json_reader_can_read_along(
    encoder: JsonEncoder, message: Make
) -> None:
    line = encoder.encode(message(data={"load": 0.5, "max": (1 << 64) - 1}))
    assert json.loads(line)["data"] == {"load": 0.5, "max": (1 << 64) - 1}


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"a": NAN}, r"data\.a cannot be sent: JSON takes finite"),
        ({"x": 1.0, "a": -INF}, r"data\.a cannot be sent"),
        ({"a": [1, {"b": INF}]}, r"data\.a\[1\]\.b cannot be sent"),
        ({"a": 1 << 64}, r"data\.a cannot be sent: .* 2\^64 - 1"),
        ({"a": [0, -(1 << 63) - 1]}, r"data\.a\[1\] cannot be sent"),
        ({"a": ["\ud800"]}, r"data\.a\[0\] cannot be sent: 'utf-8'"),
        ({"\ud800": 1}, r"data \(its key '\\ud800'\) cannot be sent"),
        ({"a": {1: 2}}, r"data\.a has the key 1, int"),
        ({1: 2}, r"data has the key 1, int"),
        ({"a": {1, 2}}, r"data\.a is set"),
        ({"a": datetime.now(UTC)}, r"data\.a is datetime"),
        ({"a": [Decimal(1)]}, r"data\.a\[0\] is Decimal"),
        ([], "data is list"),
    ],
)
def test_what_cannot_be_carried_is_named_and_the_next_one_is_fine(
    encoder: JsonEncoder, message: Make, data: Any, text: str
) -> None:
    with pytest.raises(MessageError, match=text):
        encoder.encode(message(data=data))
    assert encoder.encode(message()).startswith(HEAD)


def test_a_broken_field_is_a_message_error(
    encoder: JsonEncoder, message: Make
) -> None:
    with pytest.raises(MessageError, match="the message cannot be sent"):
        encoder.encode(message(timestamp_iso="\ud800"))


def test_relatives_are_carried_as_what_they_are(
    encoder: JsonEncoder, message: Make
) -> None:
    data = {"t": (1, Colour.RED), "c": Celsius(2.5), "o": OrderedDict(a=1)}
    same = {"t": [1, "red"], "c": 2.5, "o": {"a": 1}}
    assert encoder.encode(message(data=data)) == encoder.encode(
        message(data=same)
    )


def test_a_message_of_the_limit_passes_and_one_byte_more_does_not(
    encoder: JsonEncoder, message: Make
) -> None:
    room = LIMIT - len(encoder.encode(message(data={"a": ""})))
    body = encoder.encode(message(data={"a": "x" * room}))
    assert len(body) == LIMIT
    with pytest.raises(
        MessageError, match=r"1048577 bytes, over the 1048576.*max_message"
    ):
        encoder.encode(message(data={"a": "x" * (room + 1)}))
