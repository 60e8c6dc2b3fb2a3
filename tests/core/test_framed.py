"""A codec of frames, all but its format."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec
import pytest

from plugwire.errors import MessageError
from plugwire.framed import (
    FramedDecoder,
    FramedEncoder,
    from_mapping,
    to_mapping,
)
from plugwire.framing import FRAME_SLACK, LARGE, frame, frame_limit
from plugwire.message import Message, MessageType

LIMIT = 4096
USUAL = {
    "event_name": "status",
    "timestamp_ms": 1767960000123,
    "timestamp_iso": "2026-01-09T12:00:00.123+00:00",
    "message_type": "data",
    "data": {},
}
dumps, loads = msgspec.msgpack.encode, msgspec.msgpack.decode


class Events(StrEnum):
    STATUS = "status"


def array(count: int) -> bytes:
    return b"\xdc" + count.to_bytes(2, "big")


def message(**changes: Any) -> Message:
    fields = USUAL | {"message_type": MessageType.DATA} | changes
    return Message(**fields)


def encoder(limit: int = LIMIT) -> FramedEncoder:
    return FramedEncoder("test", dumps, array, limit)


def decoder(limit: int = LIMIT) -> FramedDecoder:
    return FramedDecoder(loads, limit)


def fed(*maps: Any, limit: int = LIMIT) -> list[Message]:
    return decoder(limit).feed(frame(dumps(list(maps))))


def test_a_mapping_has_the_fields_that_are_set() -> None:
    assert to_mapping(message()) == USUAL
    every = {"seq": 0, "id": 1, "reply_to": 2, "op": "gap"}
    assert to_mapping(message(**every, kept=True)) == USUAL | every


def test_a_mapping_is_of_exact_types() -> None:
    fields = to_mapping(
        message(
            event_name=Events.STATUS,
            message_type=MessageType.ERROR,
            data={"t": (1, Events.STATUS), "m": memoryview(b"a")},
        )
    )
    assert fields["data"] == {"t": [1, "status"], "m": b"a"}
    kinds = {type(fields["event_name"]), type(fields["data"]["t"][1])}
    assert kinds == {str}
    assert type(fields["message_type"]) is str


def test_flat_data_is_not_copied() -> None:
    data = {"a": 1}
    assert to_mapping(message(data=data))["data"] is data


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"a": [1, {"b": 1 << 64}]}, r"data\.a\[1\]\.b cannot be sent: ints"),
        ({"a": -(1 << 63) - 1}, r"data\.a cannot be sent: ints go from"),
        ({"a": {1, 2}}, r"data\.a is set"),
        ({1: 2}, "data has the key 1, int"),
    ],
)
def test_what_no_message_holds_is_named(data: Any, text: str) -> None:
    with pytest.raises(MessageError, match=text):
        to_mapping(message(data=data))
    with pytest.raises(MessageError, match=text):
        encoder().encode(message(data=data))


def test_what_the_format_cannot_say_is_named() -> None:
    with pytest.raises(MessageError, match=r"data\.a\[0\] cannot be sent: '"):
        encoder().encode(message(data={"a": ["\ud800"]}))

    class NoWord(Exception):
        """A library's own, which is no ValueError."""

    def mute(value: Any) -> bytes:
        if "é" in repr(value):
            raise NoWord("é")
        return dumps(value)

    plain = FramedEncoder("test", mute, array, LIMIT)
    with pytest.raises(MessageError, match=r"data\.b cannot be sent: é"):
        plain.encode(message(data={"a": "e", "b": "é"}))
    with pytest.raises(MessageError, match="the message cannot be sent: é"):
        plain.encode(message(timestamp_iso="é"))


def test_what_is_no_bytes_is_the_format_s_fault() -> None:
    def text(value: Any) -> Any:
        return str(value)

    broken = FramedEncoder("test", text, array, LIMIT)
    with pytest.raises(MessageError, match="str in place of bytes"):
        broken.encode(message())


def test_the_limit_is_to_the_byte() -> None:
    body = encoder().encode(message())
    assert encoder(len(body)).encode(message()) == body
    with pytest.raises(MessageError, match=r"over the 10 .*max_message_bytes"):
        encoder(10).encode(message())


def test_a_frame_is_an_array_of_bodies() -> None:
    bodies = [encoder().encode(message(seq=n)) for n in range(300)]
    data = encoder(1 << 20).frame(bodies)
    assert data == frame(array(300), *bodies)
    assert [m.seq for m in decoder(1 << 20).feed(data)] == list(range(300))


def test_messages_come_back() -> None:
    sent = message(
        message_type=MessageType.CONTROL,
        data={"a": [{"b": None}], "c": b"d"},
        seq=0,
        id=7,
        reply_to=(1 << 63) - 1,
        op="gap",
    )
    data = encoder().frame([encoder().encode(sent)])
    ends = decoder()
    assert ends.feed(data[:9]) == []
    (got,) = ends.feed(data[9:])
    assert got == sent
    assert got.message_type is MessageType.CONTROL


def test_a_large_payload_is_bytes_too() -> None:
    seen = []

    def watch(payload: bytes) -> Any:
        seen.append(type(payload))
        return loads(payload)

    data = dumps([USUAL | {"data": {"a": "x" * LARGE}}])
    assert len(FramedDecoder(watch, 1 << 20).feed(frame(data))) == 1
    assert seen == [bytes]


def test_kept_and_what_nobody_knows_are_ignored() -> None:
    assert fed(USUAL | {"kept": True, "later": [1]}) == [message()]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"event_name": "../x"}, "no event name"),
        ({"event_name": 1}, "Expected `str`, got `int`"),
        ({"timestamp_ms": True}, "got `bool`"),
        ({"timestamp_iso": "x" * 65}, "length <= 64"),
        ({"message_type": "other"}, "Invalid enum value"),
        ({"data": []}, "Expected `object`, got `array`"),
        ({"data": {"a": {b"b": 1}}}, "key not str"),
        ({"seq": -1}, ">= 0"),
    ],
)
def test_a_wrong_field_is_a_message_error(
    changes: dict[str, Any], text: str
) -> None:
    with pytest.raises(MessageError, match=text):
        from_mapping(USUAL | changes)
    with pytest.raises(MessageError, match=text):
        fed(USUAL, USUAL | changes)


def test_data_that_holds_itself_is_a_message_error() -> None:
    data: dict[str, Any] = {}
    data["a"] = data
    with pytest.raises(MessageError, match="one list or mapping twice"):
        from_mapping(USUAL | {"data": data})


def test_data_that_is_no_tree_is_a_message_error() -> None:
    one: list[Any] = []
    two: list[Any] = []
    for _ in range(50):
        one, two = [one, one], [two, [two]]
    cyclic: dict[str, Any] = {}
    cyclic["a"] = cyclic["b"] = cyclic
    steps: list[Any] = []
    for _ in range(9):
        steps = [steps, {}]
    shared = {"a": steps, "b": [[steps[0]]]}  # of two levels
    bad = {"a": one}, {"a": two}, cyclic, {"a": [[], one[0]]}, shared
    for data in bad:
        with pytest.raises(MessageError, match="one list or mapping twice"):
            from_mapping(USUAL | {"data": data})
    tree = {"a": [[], [], {}], "b": {"c": [], "d": {}}}
    assert from_mapping(USUAL | {"data": tree}).data == tree


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        (b"", "no frame of messages: Input data was truncated"),
        (b"\xc1", "no frame of messages"),
        (dumps(USUAL), "an array of messages, not dict"),
        (dumps([]), "a frame of 0 messages; 1 to 4096 are allowed"),
        (dumps([0] * 4097), "a frame of 4097 messages"),
        (dumps([1]), "Expected `object`, got `int`"),
    ],
)
def test_what_is_no_frame_is_a_message_error(
    payload: bytes, text: str
) -> None:
    with pytest.raises(MessageError, match=text):
        decoder(1 << 20).feed(frame(payload))


def test_whatever_a_library_raises_is_a_message_error() -> None:
    def fail(payload: bytes) -> Any:
        raise EOFError

    with pytest.raises(MessageError, match="no frame of messages: EOFError"):
        FramedDecoder(fail, LIMIT).feed(frame(b"x"))


def test_one_message_over_the_limit_is_refused() -> None:
    body = dumps(USUAL)
    limit = len(body) - FRAME_SLACK
    assert fed(USUAL, limit=limit + 1) == [message()]
    with pytest.raises(MessageError, match="max_message_bytes"):
        fed(USUAL, limit=limit)
    # Together they may be more.
    assert fed(USUAL, USUAL, limit=limit) == [message()] * 2


def of_references(*maps: Any) -> list[Message]:
    """What a frame of 9 bytes is, where `loads` follows references."""
    decoder = FramedDecoder(lambda _: list(maps), LIMIT)
    return decoder.feed(frame(bytes(9)))


@pytest.mark.parametrize("text", ["é" * 100, b"x" * 100], ids=["str", "bytes"])
def test_texts_longer_than_their_frame_are_refused(text: str | bytes) -> None:
    few = USUAL | {"data": {"a": [text] * 3}}
    assert of_references(few)[0].data == few["data"]
    assert len(of_references(few, few | {"data": {}})) == 2
    for data in ({"a": [text] * 6}, {"a": [{"b": text}, [text] * 5]}):
        with pytest.raises(MessageError, match="longer than the frame"):
            of_references(USUAL | {"data": data})
    with pytest.raises(MessageError, match="longer than the frame"):
        of_references(few, USUAL | {"data": {"a": [text] * 9}})


def test_keys_are_texts_as_well() -> None:
    key = "k" * 100
    bad = USUAL | {"data": {"a": [{key: n} for n in range(6)]}}
    with pytest.raises(MessageError, match="longer than the frame"):
        of_references(bad)
    with pytest.raises(MessageError, match="longer than the frame"):
        of_references(USUAL | {"ignored": [key] * 6})


def test_what_is_unpacked_may_be_as_long_as_a_frame() -> None:
    def loads(payload: bytes) -> Any:
        return [USUAL | {"data": {"a": ["x" * int(payload)]}}]

    size = LIMIT - 300
    packed = frame(str(size).encode())
    with pytest.raises(MessageError, match="longer than the frame"):
        FramedDecoder(loads, LIMIT).feed(packed)
    unpacks = FramedDecoder(loads, LIMIT, unpacks=True)
    assert len(unpacks.feed(packed)[0].data["a"][0]) == size
    assert not hasattr(FramedDecoder(loads, LIMIT), "unpacked")
    assert size < unpacks.unpacked < size + 300
    unpacks.feed(packed * 2)
    assert 2 * size < unpacks.unpacked < 2 * size + 600
    unpacks.feed(packed[:3])
    assert unpacks.unpacked == 0
    bomb = frame(str(frame_limit(LIMIT) + 1024).encode())
    with pytest.raises(MessageError, match="longer than the frame"):
        FramedDecoder(loads, LIMIT, unpacks=True).feed(bomb)
