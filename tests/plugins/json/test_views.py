"""One message through both codecs: what each shows of the other's values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from plugwire.errors import MessageError
from plugwire.message import Message
from plugwire_json import Json
from plugwire_msgpack import Msgpack

LIMIT = 1 << 20
Make = Callable[..., Message]


def through(plugin: Json | Msgpack, message: Message) -> Message:
    encoder = plugin.encode(LIMIT)
    body = encoder.encode(message)
    (got,) = plugin.decode(LIMIT)().feed(encoder.frame([body]))
    return got


@pytest.mark.parametrize(
    "data",
    [
        {"a": [None, True, -1, 0.5, "é", {"b": []}]},
        {"a": (1 << 64) - 1, "b": -(1 << 63)},
        {"a": 1.0, "b": -0.0, "c": 5e-324},
        {"a": (1, 2)},
        {"": {"\0": ""}},
    ],
)
def test_both_show_the_same(message: Make, data: dict[str, Any]) -> None:
    sent = message(data=data, seq=3, id=4, op="x")
    got = through(Json(), sent)
    assert got == through(Msgpack(), sent)
    assert repr(got) == repr(through(Msgpack(), sent))


def test_json_shows_the_bytes_of_msgpack_as_base64(message: Make) -> None:
    sent = message(data={"a": b"hi"})
    assert through(Msgpack(), sent).data == {"a": b"hi"}
    assert through(Json(), sent).data == {"a": "aGk="}


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_json_refuses_the_floats_that_only_msgpack_has(
    message: Make, value: str
) -> None:
    sent = message(data={"a": float(value)})
    assert repr(through(Msgpack(), sent).data["a"]) == value
    with pytest.raises(MessageError, match=r"data\.a"):
        through(Json(), sent)


@pytest.mark.parametrize(
    "data",
    [
        {"a": 1 << 64},
        {"a": {1: 2}},
        {"a": {1}},
        {"a": "\ud800"},
        {"a": object()},
    ],
)
def test_both_refuse_the_same_at_the_same_path(
    message: Make, data: dict[str, Any]
) -> None:
    for plugin in (Json(), Msgpack()):
        with pytest.raises(MessageError, match=r"^data\.a "):
            through(plugin, message(data=data))
