"""Messages to send, and what one that came must look like.

Equality is not enough here: 1 == 1.0 == True, and 0.0 == -0.0; so values are
compared with their types, and floats by their bits.
"""

from __future__ import annotations

import re
import struct
from typing import Any

from plugwire.framing import MAX_DEPTH
from plugwire.message import MAX_ISO, Message, MessageType
from plugwire.values import INT_MAX, INT_MIN

NUMBER_MAX = (1 << 63) - 1
"""What `seq`, `id` and `reply_to` may be at most."""
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}\Z")
_SCALARS = (type(None), bool, float, str, bytes)


def message(data: Any = None, **fields: Any) -> Message:
    """A message of `data`, which may be anything, with the given fields in
    place of the usual ones. Nothing is checked."""
    usual: dict[str, Any] = {
        "event_name": "kit",
        "timestamp_ms": 1767960000123,
        "timestamp_iso": "2026-01-09T12:00:00.123+00:00",
        "message_type": MessageType.DATA,
        "data": {} if data is None else data,
    }
    return Message(**(usual | fields))


def rich() -> Message:
    """A message with something of everything that each format can carry."""
    data: dict[str, Any] = {
        "nothing": None,
        "yes": True,
        "count": 12,
        "low": INT_MIN,
        "high": INT_MAX,
        "load": 0.42,
        "text": "späť \u2028 \U0001f600",
        "list": [1, [2, {"deep": [False, ""]}], {}],
        "": {"a key of blanks": []},
    }
    return message(
        data,
        message_type=MessageType.CONTROL,
        seq=7,
        id=8,
        reply_to=9,
        op="kit",
    )


def nested(levels: int) -> dict[str, Any]:
    """`data` of so many levels, maps and lists in turn."""
    inner: Any = {} if levels % 2 else []
    for level in range(levels - 1, 1, -1):
        inner = {"in": inner} if level % 2 else [inner]
    return {"in": inner}


def alike(one: Any, other: Any) -> bool:
    """Whether two values are the same in type and in every bit."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(
            alike(value, other[key]) for key, value in one.items()
        )
    if isinstance(one, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, float):
        return struct.pack(">d", one) == struct.pack(">d", other)
    return bool(one == other)


def flaw(got: Any) -> str:
    """What is wrong with what a decoder handed out, or ""."""
    if type(got) is not Message:
        return f"a {type(got).__name__}, no Message"
    name, iso = got.event_name, got.timestamp_iso
    if type(name) is not str or not _NAME.match(name):
        return f"the event_name {name!r:.80}"
    if type(got.timestamp_ms) is not int or not (
        -NUMBER_MAX - 1 <= got.timestamp_ms <= NUMBER_MAX
    ):
        return f"the timestamp_ms {got.timestamp_ms!r:.80}"
    if type(iso) is not str or len(iso) > MAX_ISO:
        return f"the timestamp_iso {iso!r:.80}"
    if type(got.message_type) is not MessageType:
        return f"the message_type {got.message_type!r:.80}"
    for key in ("seq", "id", "reply_to"):
        number = getattr(got, key)
        if number is not None and (
            type(number) is not int or not 0 <= number <= NUMBER_MAX
        ):
            return f"the {key} {number!r:.80}"
    if got.op is not None and type(got.op) is not str:
        return f"the op {got.op!r:.80}"
    if got.kept is not False:
        return "kept set, which only the receiver may"
    if type(got.data) is not dict:
        return f"data that is {type(got.data).__name__}"
    return _wrong(got.data, 1)


def _wrong(value: Any, level: int) -> str:
    if type(value) is int:
        inside = INT_MIN <= value <= INT_MAX
        return "" if inside else f"the int {value!r:.40} in data"
    if type(value) in _SCALARS:
        return ""
    if type(value) not in (dict, list):
        return f"a {type(value).__name__} in data"
    if level > MAX_DEPTH:
        return f"data of over {MAX_DEPTH} levels"
    inner = value
    if type(value) is dict:
        for key in value:
            if type(key) is not str:
                return f"the key {key!r:.40} in data"
        inner = value.values()
    return next((w for v in inner if (w := _wrong(v, level + 1))), "")
