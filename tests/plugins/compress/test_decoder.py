"""What comes in: packed frames; everything else is a MessageError."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugwire.errors import MessageError
from plugwire.framing import HEADER, frame
from plugwire.message import Message
from plugwire_compress.backend import zstd
from plugwire_compress.decoder import UnpackingDecoder
from plugwire_compress.encoder import PackingEncoder, compressor
from plugwire_compress.layer import MAX_RATIO, PACKED, RAW

Make = Callable[..., Message]
Packing = Callable[..., SimpleNamespace]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=8,
)
DATA = st.dictionaries(st.text(max_size=5), VALUES, max_size=4)


def packed(raw: bytes, **options: Any) -> bytes:
    """A frame that says `raw` is one zstd frame's content."""
    return frame(bytes((PACKED,)), zstd.compress(raw, **options))


@given(batches=st.lists(st.lists(DATA, min_size=1, max_size=5), max_size=5),
       cuts=st.lists(st.integers(0, 2000), max_size=9),
       threshold=st.integers(0, 300))  # fmt: skip
def test_what_is_packed_arrives_however_it_is_cut(
    packing: Packing,
    message: Make,
    batches: list[list[dict[str, Any]]],
    cuts: list[int],
    threshold: int,
) -> None:
    way = packing(threshold=threshold)
    sent = [[message(data=data) for data in batch] for batch in batches]
    wire = b"".join(
        way.encoder.frame([way.encoder.encode(one) for one in batch])
        for batch in sent
    )
    decoder, got, at = way.decoder(), [], 0
    for stop in (*sorted(cuts), len(wire)):
        got += decoder.feed(wire[at:stop])
        at = max(at, min(stop, len(wire)))
    assert got == [one for batch in sent for one in batch]


def test_one_byte_at_a_time(packing: Packing, message: Make) -> None:
    way = packing()
    one = message(data={"text": "again " * 500})
    wire = way.encoder.frame([way.encoder.encode(one)])
    decoder, counts = way.decoder(), []
    for number in range(len(wire)):
        found = decoder.feed(wire[number : number + 1])
        counts.append(decoder.unpacked)
    assert found == [one]
    assert counts[:-1] == [0] * (len(wire) - 1)
    assert counts[-1] == len(way.plain.frame([way.encoder.encode(one)]))


def test_unpacked_is_the_last_feeds(packing: Packing, message: Make) -> None:
    way = packing()
    body = way.encoder.encode(message(data={"text": "again " * 500}))
    wire, size = way.encoder.frame([body]), len(way.plain.frame([body]))
    decoder = way.decoder()
    counts = []
    for data in (wire, wire * 2, wire[:5], wire[5:]):
        decoder.feed(data)
        counts.append(decoder.unpacked)
    assert counts == [size, 2 * size, 0, size]


def test_unpacked_is_the_inner_ones_where_that_unpacks(
    packing: Packing, message: Make
) -> None:
    """Named twice, the outer one unpacks bytes that are packed still."""
    way = packing()
    body = way.encoder.encode(message(data={"text": "again " * 90_000}))
    size = len(way.plain.frame([body]))
    pack = compressor(1, keep=True)
    outer = PackingEncoder(way.encoder, pack, 0, way.limit)
    decoder = UnpackingDecoder(way.decoder, way.limit)
    wire = outer.frame([body])
    assert len(wire) < len(way.encoder.frame([body])) < size // 50
    counts = []
    for data in (wire, wire * 2, wire[:5], wire[5:]):
        decoder.feed(data)
        counts.append(decoder.unpacked)
    assert counts == [size, 2 * size, 0, size]


def test_room_is_for_one_frame_and_no_more(
    packing: Packing, message: Make
) -> None:
    """What follows may become many times as much, in one feed."""
    way = packing()
    one = message(data={"value": random.Random(0).randbytes(300_000)})
    wire = way.encoder.frame([way.encoder.encode(one)])
    decoder = way.decoder()
    assert decoder.feed(memoryview(wire[:200_000])) == []
    room = decoder.room()
    assert len(room) == len(wire) - 200_000
    room[:] = wire[200_000:]
    assert decoder.feed(room) == [one]
    assert decoder.room() is None


@pytest.mark.parametrize("size", [10, 100_000, 1_000_000])
def test_large_ones_arrive_raw_and_packed(
    packing: Packing, message: Make, size: int
) -> None:
    way = packing()
    noise = random.Random(size).randbytes(size)
    for data in (noise, bytes(size)):
        one = message(data={"value": data})
        wire = way.encoder.frame([way.encoder.encode(one)])
        assert way.decoder().feed(wire) == [one]


def test_a_piece_of_the_codecs_stream_need_be_no_frame(
    packing: Packing, message: Make
) -> None:
    way = packing()
    one = message(data={"text": "again " * 50})
    whole = way.plain.frame([way.encoder.encode(one)])
    decoder = way.decoder()
    assert decoder.feed(packed(whole[:100])) == []
    assert decoder.feed(frame(bytes((RAW,)), whole[100:])) == [one]


# ------------------------------------------------------------------ hostile


@given(data=st.binary(max_size=300))
def test_random_bytes_raise_message_errors_only(
    packing: Packing, data: bytes
) -> None:
    for wire in (data, frame(b"\0", data), frame(b"\1", data)):
        with suppress(MessageError):
            packing().decoder().feed(wire)


@given(at=st.integers(0, 400), bits=st.integers(1, 255))
def test_a_broken_byte_raises_message_errors_only(
    packing: Packing, message: Make, at: int, bits: int
) -> None:
    way = packing()
    body = way.encoder.encode(message(data={"n": list(range(300))}))
    wire = bytearray(way.encoder.frame([body]))
    wire[at % len(wire)] ^= bits
    with suppress(MessageError):
        way.decoder().feed(bytes(wire))


def refusal(packing: Packing, wire: bytes, limit: int = 1 << 20) -> str:
    with pytest.raises(MessageError) as caught:
        packing(limit=limit).decoder().feed(wire)
    return str(caught.value)


def test_a_bomb_is_refused_by_its_own_word(packing: Packing) -> None:
    limit = packing().limit
    fits = zstd.compress(bytes(limit)).ljust(limit // MAX_RATIO + 1, b"\0")
    over = zstd.compress(bytes(limit + 1)).ljust(len(fits) + 1, b"\0")
    # This one is unpacked, and then no message.
    assert "0 messages" not in refusal(packing, frame(b"\1", over))
    assert f"{limit + 1} bytes; 1 to" in refusal(packing, frame(b"\1", over))
    assert "1 to" not in refusal(packing, frame(b"\1", fits))


def test_many_small_bombs_are_none(packing: Packing) -> None:
    said = refusal(packing, packed(bytes(100_000)))
    assert "100000 bytes in" in said
    assert "more than 64 for one" in said


def lying(raw: bytes, size: int) -> bytes:
    """A zstd frame of one segment that says `size`, four bytes of it, and
    holds `raw` as blocks of one repeated byte."""
    head = b"\x28\xb5\x2f\xfd" + b"\xa0" + size.to_bytes(4, "little")
    blocks = b""
    left = len(raw)
    while left:
        length = min(left, 1 << 17)
        left -= length
        word = int(not left) | (1 << 1) | (length << 3)
        blocks += word.to_bytes(3, "little") + raw[:1]
    return head + blocks


def test_a_made_up_frame_is_one() -> None:
    assert zstd.decompress(lying(bytes(300_000), 300_000)) == bytes(300_000)


@pytest.mark.parametrize("said", [99, 101, 1000])
def test_a_size_that_is_not_true_is_refused(
    packing: Packing, said: int
) -> None:
    refusal(packing, frame(b"\1", lying(bytes(100), said), bytes(100)))


def windowed(log: int, size: int, blocks: int) -> bytes:
    """A zstd frame with a window of 2^`log` bytes that says `size`, and
    holds so many `blocks` of 100,000 zeros; and what it is filled up with."""
    head = b"\x28\xb5\x2f\xfd" + b"\x80" + bytes(((log - 10) << 3,))
    words = [(100_000 << 3) | (1 << 1) | (at == blocks) for at in
             range(1, blocks + 1)]  # fmt: skip
    body = b"".join(word.to_bytes(3, "little") + b"\0" for word in words)
    return head + size.to_bytes(4, "little") + body + bytes(2000)


def test_no_more_memory_is_taken_than_was_said(packing: Packing) -> None:
    # What says so much that its window is smaller, zstd itself lets pass.
    bomb = windowed(17, 900_000, 600) + bytes(12_000)
    decoder = packing().decoder()
    tracemalloc.start()
    try:
        with pytest.raises(MessageError, match="900000 bytes and does"):
            decoder.feed(frame(b"\1", bomb))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1 << 22  # it holds 60 megabytes


def test_a_window_over_a_frames_size_is_refused(packing: Packing) -> None:
    # One that fits zstd's first buffer needs no window.
    size = 100_000
    whole = zstd.ZstdDecompressor().decompress(windowed(27, size, 1))
    assert whole == bytes(size)
    # 21 bits are enough for a mebibyte and its header.
    fits = refusal(packing, frame(b"\1", windowed(21, size, 1)))
    assert "no packed frame" not in fits
    over = refusal(packing, frame(b"\1", windowed(22, size, 1)))
    assert "memory" in over


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"", "a frame of 0 bytes"),
        (b"\0", "a frame of 1 bytes"),
        (b"\2abc", "packed in the way 2"),
        (b"\1abc", "no packed frame"),
        (b"\1" + zstd.compress(b"")[:-1], "1 to"),
        (b"\1" + zstd.compress(b"again " * 9)[:-1], "does not end"),
        (b"\1" + zstd.compress(b"abcdefg") + b"\0\1", "zeros after it"),
        (b"\1" + zstd.compress(b"abcdefg") * 2, "zeros after it"),
        (b"\1\x50\x2a\x4d\x18\4\0\0\0abcd", "of 0 bytes"),
    ],
)
def test_what_is_no_packed_frame_is_refused_in_words(
    packing: Packing, payload: bytes, why: str
) -> None:
    assert why in refusal(packing, frame(payload))


def test_a_frame_that_tells_no_size_is_refused(packing: Packing) -> None:
    stream = zstd.ZstdCompressor()
    text = stream.compress(b"again " * 9, stream.FLUSH_BLOCK)
    text += stream.flush()
    assert "tells no size" in refusal(packing, frame(b"\1", text))


def test_a_length_over_the_limit_is_refused_at_its_header(
    packing: Packing,
) -> None:
    limit = packing().limit
    assert packing().decoder().feed(HEADER.pack(limit + 1)) == []
    assert "allowed" in refusal(packing, HEADER.pack(limit + 2))


def test_wrong_messages_are_the_codecs_to_refuse(packing: Packing) -> None:
    assert "array" in refusal(packing, packed(frame(b"no message")))
