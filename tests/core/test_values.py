"""What data may hold: said with the path, for senders and receivers."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Any

import pytest

from plugwire.errors import MessageError
from plugwire.framing import MAX_DEPTH
from plugwire.values import (
    check_received,
    check_received_name,
    is_flat,
    plain,
    where,
)


class Colour(StrEnum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


class Odd(Enum):
    ONE = 1


class Celsius(float):
    pass


class Blob(bytes):
    def __bytes__(self) -> bytes:
        return b"something else"


Point = namedtuple("Point", "x y")


def nested(depth: int, *, lists: bool = False) -> dict[str, Any]:
    """`data` of `depth` levels."""
    inner: Any = [] if lists else {}
    for _ in range(depth - 2):
        inner = [inner] if lists else {"a": inner}
    return {"a": inner}


def test_flat_data_is_handed_back_as_it_is() -> None:
    data = {"a": None, "b": True, "c": 1, "d": 0.5, "e": "x", "f": b"y"}
    assert is_flat(data)
    assert plain(data) is data


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Colour.RED, "red"),
        (Level.HIGH, 3),
        (Celsius(20.5), 20.5),
        (Blob(b"own"), b"own"),
        (bytearray(b"own"), b"own"),
        (memoryview(b"a-b-c")[::2], b"abc"),
        ((1, 2), [1, 2]),
        (Point(1, Level.HIGH), [1, 3]),
        (OrderedDict(a=(1,)), {"a": [1]}),
        ([1, [2.5, Colour.RED]], [1, [2.5, "red"]]),
        ([1, 2], [1, 2]),
        ({"a": {Colour.RED: 1}}, {"a": {"red": 1}}),
    ],
)
def test_relatives_become_the_exact_types(value: Any, expected: Any) -> None:
    got = plain({"v": value, "w": 1})
    assert got == {"v": expected, "w": 1}
    check_received(got)
    assert type(got["v"]) is type(expected)


def test_str_subclasses_as_keys_become_str_where_nested() -> None:
    (key,) = plain({"a": {Colour.RED: 1}})["a"]
    assert type(key) is str


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"a": [1, 2, {3}]}, r"data\.a\[2\] is set, which cannot be sent"),
        ({"a": datetime.now(UTC)}, r"data\.a is datetime"),
        ({"a": Decimal(1)}, r"data\.a is Decimal"),
        ({"a": Odd.ONE}, r"data\.a is Odd"),
        ({"a b": {"c": object()}}, r"data\['a b'\]\.c is object"),
        ({"a": {"b": {1: 2}}}, r"data\.a\.b has the key 1, int: keys must"),
        ({None: 1}, r"data has the key None, NoneType"),
        ({b"k" * 99: 1}, r"data has the key b'k{37}…, bytes"),
        ([1], "data is list, it must be a dict"),
        (None, "data is NoneType"),
    ],
)
def test_what_cannot_be_sent_is_named_with_its_path(
    data: Any, text: str
) -> None:
    with pytest.raises(MessageError, match=text):
        plain(data)


@pytest.mark.parametrize("lists", [False, True])
def test_depth_is_bounded_both_ways(lists: bool) -> None:
    deepest = nested(MAX_DEPTH, lists=lists)
    assert plain(deepest) == deepest
    check_received(deepest)
    for check in (plain, check_received):
        with pytest.raises(MessageError, match="nested over 64 levels"):
            check(nested(MAX_DEPTH + 1, lists=lists))


def test_data_that_holds_itself_is_refused() -> None:
    data: dict[str, Any] = {}
    data["self"] = [data]
    with pytest.raises(MessageError, match=r"data\.self\[0\]\.self"):
        plain(data)


def refuse_seven(value: Any) -> None:
    if value in (7, "seven"):
        raise ValueError(value)


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({"a": [1, {"b": 7}]}, "data.a[1].b"),
        ({"a": 1, "b": 7}, "data.b"),
        ({"a": [{"seven": 1}]}, "data.a[0] (its key 'seven')"),
        ({"a": [1, 2], "b": {}}, ""),
    ],
)
def test_where_finds_the_first_that_fails(
    data: dict[str, Any], path: str
) -> None:
    assert where(data, refuse_seven) == path


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({b"a": 1}, "key not str"),
        ({"a": [{1: 2}]}, "key not str"),
        ({"a": 1 << 64}, "int over 64 bits"),
        ({"a": {"b": [-(1 << 63) - 1]}}, "int over 64 bits"),
        ({"a": Decimal(1), "b": (1,)}, "data holds Decimal, tuple"),
    ],
)
def test_b12_received_data_is_checked(data: dict[str, Any], text: str) -> None:
    with pytest.raises(MessageError, match=text):
        check_received(data)


def test_received_ints_may_have_64_bits() -> None:
    check_received({"a": [(1 << 64) - 1, -(1 << 63)], "b": True})


def test_b2_a_peers_event_name_is_a_message_error() -> None:
    assert check_received_name("status") == "status"
    with pytest.raises(MessageError, match="no event name: it holds"):
        check_received_name("../etc")
