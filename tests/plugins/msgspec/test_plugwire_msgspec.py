"""The plugin: what the hooks hand over, and that the two fit together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from plugwire.framing import frame_limit
from plugwire.interfaces import Decoder, Encoder
from plugwire.message import Message, MessageType
from plugwire_msgspec import Msgspec

LIMIT = 1 << 20
Make = Callable[..., Message]

NUMBERS = st.none() | st.integers(0, (1 << 63) - 1)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 64) - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.binary(max_size=20)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
MESSAGES = st.builds(
    Message,
    event_name=st.from_regex(r"[a-zA-Z0-9_-]{1,64}", fullmatch=True),
    timestamp_ms=st.integers(0, 1 << 50),
    timestamp_iso=st.text(max_size=64),
    message_type=st.sampled_from(MessageType),
    data=st.dictionaries(st.text(max_size=8), VALUES, max_size=5),
    seq=NUMBERS,
    id=NUMBERS,
    reply_to=NUMBERS,
    op=st.none() | st.text(max_size=8),
)


def pair() -> tuple[Encoder, Decoder]:
    plugin = Msgspec()
    return plugin.encode(LIMIT), plugin.decode(LIMIT)()


def test_the_encoder_says_what_it_is() -> None:
    encoder, _ = pair()
    assert (encoder.format, encoder.lines) == ("msgpack", False)


def test_each_connection_has_a_decoder_of_its_own() -> None:
    factory = Msgspec().decode(LIMIT)
    assert factory() is not factory()


@given(st.lists(MESSAGES, min_size=1, max_size=20), st.data())
def test_messages_survive_the_way_at_any_cut(
    messages: list[Message], data: st.DataObject
) -> None:
    encoder, decoder = pair()
    stream = encoder.frame([encoder.encode(m) for m in messages]) * 2
    at = data.draw(st.integers(0, len(stream)))
    got = decoder.feed(stream[:at]) + decoder.feed(stream[at:])
    assert got == messages * 2


def test_one_byte_at_a_time_gives_the_same(message: Make) -> None:
    encoder, decoder = pair()
    messages = [message(seq=n, data={"n": [n, b"x"]}) for n in range(20)]
    stream = encoder.frame([encoder.encode(m) for m in messages])
    got = [m for byte in stream for m in decoder.feed(bytes((byte,)))]
    assert got == messages


def test_nan_and_the_infinities_survive(message: Make) -> None:
    encoder, decoder = pair()
    values: dict[str, Any] = {"n": float("nan"), "i": float("-inf")}
    body = encoder.encode(message(data=values))
    (got,) = decoder.feed(encoder.frame([body]))
    assert repr(got.data) == "{'n': nan, 'i': -inf}"


def test_a_kept_message_arrives_as_one_that_is_not(message: Make) -> None:
    encoder, decoder = pair()
    body = encoder.encode(message(kept=True))
    assert decoder.feed(encoder.frame([body])) == [message()]


def test_a_full_tick_fits_into_the_frame_limit(message: Make) -> None:
    for limit in (200, LIMIT):
        encoder = Msgspec().encode(limit)
        body = encoder.encode(message())
        count = min(frame_limit(limit) // len(body), 500)
        frame = encoder.frame([body] * count)
        decoder = Msgspec().decode(limit)()
        assert len(decoder.feed(frame)) == count
