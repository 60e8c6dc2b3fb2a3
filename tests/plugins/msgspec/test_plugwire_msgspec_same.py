"""The codecs msgpack and msgspec are one format: the same bytes, the same
messages, the same refusals, whichever is at which end."""

from __future__ import annotations

import enum
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgpack  # type: ignore[import-untyped]
import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from plugwire.errors import MessageError
from plugwire.framing import frame
from plugwire.interfaces import DecoderFactory, Encoder
from plugwire.message import Message, MessageType
from plugwire_msgpack import Msgpack
from plugwire_msgspec import Msgspec

LIMIT = 4096
Codec = Msgpack | Msgspec


class Text(str):
    __slots__ = ()


class Whole(int):
    pass


class Level(enum.IntEnum):
    HIGH = 3


class Word(enum.StrEnum):
    HIGH = "high"


class Plain(enum.Enum):
    HIGH = 3


@dataclass
class Point:
    x: int = 1


class Record(msgspec.Struct, gc=False):
    x: int = 1


FOREIGN: tuple[Any, ...] = (
    datetime(2026, 1, 9, tzinfo=UTC),
    datetime(2026, 1, 9),  # noqa: DTZ001 -- a naive one is encoded otherwise
    date(2026, 1, 9),
    timedelta(1),
    Decimal("1.5"),
    UUID(int=7),
    Plain.HIGH,
    Point(),
    Record(),
    {1, 2},
    frozenset("a"),
    msgspec.Raw(b"\x01"),
    msgspec.UNSET,
    msgspec.msgpack.Ext(5, b""),
    msgpack.Timestamp(1),
    range(3),
    1j,
    object(),
    object,
)
RELATIVES: tuple[Any, ...] = (
    Text("a"),
    Whole(3),
    Level.HIGH,
    Word.HIGH,
    (1, "a"),
    OrderedDict(a=1, b=(2,)),
    bytearray(b"x"),
    memoryview(b"abcd")[::2],
    msgpack.ExtType(5, b""),  # a tuple
)
INTS = st.integers(-(1 << 63), (1 << 64) - 1) | st.integers(-300, 300)
LEAVES = (
    st.none()
    | st.booleans()
    | INTS
    | st.floats()
    | st.text(max_size=40)
    | st.binary(max_size=40)
)
ODD = (
    LEAVES
    | st.sampled_from(FOREIGN + RELATIVES)
    | st.sampled_from([1 << 64, -(1 << 63) - 1, "\ud800", -0.0])
)
KEYS = st.text(max_size=40)
ODD_KEYS = KEYS | st.sampled_from([Text("a"), Word.HIGH, 1, None, b"a", (1,)])
NUMBERS = st.none() | st.integers(0, (1 << 63) - 1)


def values(leaves: Any, keys: Any) -> Any:
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(keys, inner, max_size=4)
        ),
        max_leaves=12,
    )


def messages(data: Any) -> Any:
    return st.builds(
        Message,
        event_name=st.sampled_from(["status", "load"]),
        timestamp_ms=st.integers(0, 1 << 50),
        timestamp_iso=st.text(max_size=64),
        message_type=st.sampled_from(MessageType),
        data=data,
        seq=NUMBERS,
        id=NUMBERS,
        reply_to=NUMBERS,
        op=st.none() | st.text(max_size=8),
        kept=st.booleans(),
    )


def message(data: Any) -> Message:
    return Message(
        event_name="status",
        timestamp_ms=1,
        timestamp_iso="",
        message_type=MessageType.DATA,
        data=data,
    )


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def sent(encoder: Encoder, message: Message) -> bytes | str:
    """The bytes, or the refusal up to what the library adds to it."""
    try:
        return encoder.encode(message)
    except MessageError as error:
        return str(error).partition("cannot be sent: ")[0]


def received(
    factory: DecoderFactory, stream: bytes, cuts: Sequence[int] = ()
) -> str | None:
    """The messages as text, in which NaN is like NaN; None: refused."""
    decoder = factory()
    decoder.feed(WARM)  # the name is known: what is looked at is least
    got: list[Message] = []
    at = 0
    try:
        for cut in (*sorted(cuts), len(stream)):
            got += decoder.feed(stream[at:cut])
            at = cut
    except MessageError:
        return None
    return repr(got)


OLD, NEW = Msgpack(), Msgspec()
OLD_ENCODER, NEW_ENCODER = OLD.encode(LIMIT), NEW.encode(LIMIT)
WARM = OLD_ENCODER.frame([OLD_ENCODER.encode(message({}))])


@given(messages(st.dictionaries(KEYS, values(LEAVES, KEYS), max_size=12)))
@example(message({"a": b"x" * 4200}))
def test_what_one_sends_the_other_sends(one: Message) -> None:
    assert sent(NEW_ENCODER, one) == sent(OLD_ENCODER, one)


@given(
    messages(st.dictionaries(ODD_KEYS, values(ODD, ODD_KEYS), max_size=4))
    | messages(st.sampled_from([[], None, "a", [("a", 1)], {"a": deep(70)}]))
)
def test_what_one_refuses_to_send_the_other_refuses(one: Message) -> None:
    assert sent(NEW_ENCODER, one) == sent(OLD_ENCODER, one)


@pytest.mark.parametrize("value", FOREIGN, ids=lambda v: type(v).__name__)
@pytest.mark.parametrize(
    "place", [lambda v: v, lambda v: [1, {"b": v}]], ids=["flat", "nested"]
)
def test_nothing_foreign_is_sent_as_something_else(
    value: Any, place: Any
) -> None:
    whole = message({"a": place(value)})
    refusal = sent(NEW_ENCODER, whole)
    assert isinstance(refusal, str)
    assert type(value).__name__ in refusal
    assert refusal == sent(OLD_ENCODER, whole)


@pytest.mark.parametrize(("sender", "receiver"), [(OLD, NEW), (NEW, OLD)])
@given(
    st.lists(
        messages(st.dictionaries(KEYS, values(LEAVES, KEYS), max_size=4)),
        min_size=1,
        max_size=20,
    ),
    st.lists(st.integers(0, 8000), max_size=4),
)
def test_what_one_sends_the_other_receives_at_any_cut(
    sender: Codec, receiver: Codec, crowd: list[Message], cuts: list[int]
) -> None:
    encoder, own = sender.encode(1 << 20), sender.decode(1 << 20)
    stream = encoder.frame([encoder.encode(m) for m in crowd]) * 2
    wanted = [msgspec.structs.replace(m, kept=False) for m in crowd] * 2
    cuts = [cut for cut in cuts if cut < len(stream)]
    got = received(receiver.decode(1 << 20), stream, cuts)
    assert got == repr(wanted) == received(own, stream)


EXTS = st.builds(msgpack.ExtType, st.integers(0, 127), st.binary(max_size=20))
STAMPS = st.builds(
    msgpack.Timestamp,
    st.integers(-(1 << 63), (1 << 63) - 1) | st.integers(0, 1 << 35),
    st.integers(0, 999_999_999) | st.just(0),
)
WIRE = values(LEAVES | EXTS | STAMPS, KEYS) | values(
    LEAVES, KEYS | INTS | st.binary(max_size=3) | st.none() | st.floats()
)
FIELDS = st.fixed_dictionaries(
    {
        "event_name": st.sampled_from(["status", "load", "a.b", "", 1]),
        "timestamp_ms": INTS | st.just(1.0),
        "timestamp_iso": st.text(max_size=66),
        "message_type": st.sampled_from(["data", "error", "control", "x"]),
        "data": st.dictionaries(KEYS, WIRE, max_size=4) | WIRE,
    },
    optional={
        "seq": st.none() | INTS,
        "id": LEAVES,
        "reply_to": NUMBERS,
        "op": st.none() | st.text(max_size=8) | EXTS,
        "kept": st.booleans() | LEAVES,
    },
)
GOOD = FIELDS.map(
    lambda fields: {
        **fields,
        "event_name": "status",
        "timestamp_ms": 5,
        "timestamp_iso": "x",
        "message_type": "data",
    }
)


@given(
    st.lists(FIELDS | GOOD, min_size=1, max_size=3)
    | st.lists(GOOD, min_size=1, max_size=3),
    st.booleans(),
)
def test_what_one_refuses_to_receive_the_other_refuses(
    maps: list[Any], single: bool
) -> None:
    packer = msgpack.Packer(use_single_float=single)
    try:
        stream = frame(packer.pack(maps))
    except (ValueError, OverflowError):  # a text or an int past all bounds
        return
    assert received(NEW.decode(LIMIT), stream) == received(
        OLD.decode(LIMIT), stream
    )


@given(
    messages(st.dictionaries(KEYS, values(LEAVES, KEYS), max_size=4)),
    st.integers(0, 4000),
    st.integers(0, 255),
)
def test_of_broken_bytes_both_make_the_same(
    one: Message, at: int, byte: int
) -> None:
    body = bytearray(OLD_ENCODER.encode(one))
    body[at % len(body)] = byte
    stream = OLD_ENCODER.frame([bytes(body)])
    told = received(OLD.decode(LIMIT), stream)
    if told is not None:  # else a key became one that is skipped
        assert received(NEW.decode(LIMIT), stream) == told
