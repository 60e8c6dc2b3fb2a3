"""What goes out: frames, packed where that makes them smaller."""

from __future__ import annotations

import random
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugwire.framing import HEADER_BYTES, FrameSplitter
from plugwire.message import Message
from plugwire_compress import PackingEncoder
from plugwire_compress.backend import zstd
from plugwire_compress.encoder import compressor
from plugwire_compress.layer import MAX_RATIO, PACKED, RAW

Make = Callable[..., Message]
Packing = Callable[..., SimpleNamespace]
TEXT = "the same words again and again, "


def cut(wire: bytes) -> list[bytes]:
    """The payloads of some frames."""
    splitter = FrameSplitter(1 << 24)
    payloads = [bytes(payload) for payload in splitter.feed(wire)]
    assert splitter.pending == 0
    return payloads


def test_bodies_are_those_of_the_codec(
    packing: Packing, message: Make
) -> None:
    packed = packing()
    body = packed.encoder.encode(message(data={"text": TEXT}))
    assert body == packed.plain.encode(message(data={"text": TEXT}))
    assert (packed.encoder.format, packed.encoder.lines) == ("msgpack", False)


def test_a_large_frame_is_one_zstd_frame(
    packing: Packing, message: Make
) -> None:
    packed = packing()
    body = packed.encoder.encode(message(data={"text": TEXT * 50}))
    (payload,) = cut(packed.encoder.frame([body, body]))
    assert payload[0] == PACKED
    assert zstd.decompress(payload[1:]) == packed.plain.frame([body, body])
    assert len(payload) < len(body) / 5


def test_what_is_under_the_threshold_goes_as_it_is(
    packing: Packing, message: Make
) -> None:
    body = packing().encoder.encode(message(data={"text": TEXT * 5}))
    whole = packing().plain.frame([body])
    for threshold, way in ((len(whole), PACKED), (len(whole) + 1, RAW)):
        wire = packing(threshold=threshold).encoder.frame([body])
        (payload,) = cut(wire)
        assert payload[0] == way
        if way == RAW:
            assert payload[1:] == whole
            assert len(wire) == len(whole) + HEADER_BYTES + 1


def test_what_does_not_get_smaller_goes_as_it_is(packing: Packing) -> None:
    noise = random.Random(1).randbytes(300)
    packed = packing(threshold=0)
    (payload,) = cut(packed.encoder.frame([noise]))
    assert payload == bytes((RAW,)) + packed.plain.frame([noise])


@pytest.mark.parametrize("keep", [True, False])
def test_what_packs_too_well_is_filled_up(
    packing: Packing, message: Make, keep: bool
) -> None:
    packed = packing(keep=keep)
    body = packed.encoder.encode(message(data={"zeros": bytes(1_000_000)}))
    (payload,) = cut(packed.encoder.frame([body]))
    size = len(packed.plain.frame([body]))
    assert payload[0] == PACKED
    assert size <= MAX_RATIO * (len(payload) - 1) < size + MAX_RATIO
    assert payload.endswith(bytes(1000))


class Wordy:
    """A codec that frames each body by itself, at length."""

    format = "wordy"
    lines = False

    def encode(self, message: Message) -> bytes:
        raise AssertionError("only frames are of interest here")

    def frame(self, bodies: list[bytes]) -> bytes:
        return b"".join(body + bytes(100) for body in bodies)


@given(
    sizes=st.lists(st.integers(1, 300), min_size=1, max_size=20),
    threshold=st.integers(0, 600),
)
def test_pieces_are_within_the_limit_and_make_the_whole(
    sizes: list[int], threshold: int
) -> None:
    limit = 500
    encoder = PackingEncoder(
        Wordy(), compressor(1, keep=False), threshold, limit
    )
    bodies = [bytes([size % 256]) * size for size in sizes]
    pieces = []
    for payload in cut(encoder.frame(bodies)):
        raw = payload[1:]
        if payload[0] == PACKED:
            raw = zstd.ZstdDecompressor().decompress(raw)
        pieces.append(raw)
    assert b"".join(pieces) == Wordy().frame(bodies)
    assert max(map(len, pieces)) <= limit


@pytest.mark.parametrize("level", [1, 3, 19])
@pytest.mark.parametrize("keep", [True, False])
def test_every_frame_stands_alone_and_tells_its_size(
    level: int, keep: bool
) -> None:
    pack = compressor(level, keep=keep)
    text = TEXT.encode() * 40
    first, second = pack(text), pack(text)
    assert first == second
    assert zstd.get_frame_info(second).decompressed_size == len(text)
    assert zstd.decompress(second) == text
