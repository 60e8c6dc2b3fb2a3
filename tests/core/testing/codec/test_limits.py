"""Codecs that take too much, or too little, or hold it meanwhile."""

from __future__ import annotations

import zlib

import pytest

from plugwire.errors import MessageError
from plugwire.framing import (
    FRAME_SLACK,
    HEADER,
    HEADER_BYTES,
    TICK_BYTES,
    FrameSplitter,
    frame,
    frame_limit,
)
from plugwire.testing import CodecSuite


@pytest.mark.parametrize("more", [-1, 1])
def test_an_encoder_that_is_off_by_one(sound, bites, more: int) -> None:
    class Off(sound.Encoder):
        def __init__(self, limit):
            super().__init__(limit + more)

    bites("test_the_largest_message_and_one_more", Off)


def test_a_refusal_that_names_no_setting(sound, bites) -> None:
    class Terse(sound.Encoder):
        def encode(self, message):
            try:
                return super().encode(message)
            except MessageError:
                raise MessageError("too large") from None

    bites("test_a_refusal_of_size_names_the_setting", Terse)


def test_room_for_the_largest_from_the_first(sound, bites) -> None:
    class Roomy(sound.Decoder):
        def feed(self, data):
            self.room = bytearray(self._limit)
            return super().feed(data)

    said = bites("test_any_limit_that_may_be_set", decoder=Roomy)
    assert "bytes for a small one" in said


def test_a_limit_of_frames_only(sound, bites) -> None:
    class Broad(sound.Decoder):
        def __init__(self, limit):
            super().__init__(limit)
            self._limit = frame_limit(limit)

    bites("test_one_message_over_the_limit_is_refused", decoder=Broad)


def test_a_frame_may_be_no_larger_than_a_message(sound, bites) -> None:
    class Narrow(sound.Decoder):
        def __init__(self, limit):
            super().__init__(limit)
            self._splitter = FrameSplitter(limit + FRAME_SLACK)

    said = bites("test_what_is_within_the_limit_is_taken", decoder=Narrow)
    assert "more than the 4160 allowed" in said


@pytest.mark.parametrize("head", [0, 2])
def test_a_frame_may_be_no_larger_than_its_bodies(sound, bites, head) -> None:
    """What is around them takes three bytes here."""

    class Tight(sound.Decoder):
        def __init__(self, limit):
            super().__init__(limit)
            self._splitter = FrameSplitter(max(TICK_BYTES, limit) + head)

    said = bites("test_the_fullest_frame_is_taken", decoder=Tight)
    assert "bytes in all, with max_message_bytes" in said


class Hoarding:
    """Looks at a frame when it is whole."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.held = b""

    def feed(self, data: bytes):
        self.held += data
        if len(self.held) < HEADER_BYTES:
            return []
        (length,) = HEADER.unpack_from(self.held)
        whole = HEADER_BYTES + (length & 0xFFFFFF)
        if len(self.held) < whole:
            return []
        data, self.held = self.held[:whole], self.held[whole:]
        if not self.held:
            return super().feed(data)
        return super().feed(data) + self.feed(b"")


def test_pieces_that_are_joined_to_all_before(sound, bites) -> None:
    class Joining(Hoarding, sound.Decoder):
        pass

    name = "test_a_large_message_costs_no_more_for_its_pieces"
    assert "join them once" in bites(name, decoder=Joining)


@pytest.mark.parametrize(
    "name",
    [
        "test_a_frame_that_never_ends_is_refused",
        "test_a_length_over_the_limit_is_refused_at_once",
    ],
)
def test_a_length_that_is_looked_at_too_late(sound, bites, name) -> None:
    class Late(Hoarding, sound.Decoder):
        pass

    bites(name, decoder=Late)


def test_room_for_what_is_announced(sound, bites) -> None:
    class Eager(sound.Decoder):
        def feed(self, data):
            (length,) = HEADER.unpack_from(data)
            self.room = bytearray(length)
            return super().feed(data)

    said = bites("test_a_length_within_the_limit_is_waited_for", decoder=Eager)
    assert "bytes for a header" in said


def test_flags_that_nobody_looks_at(sound, bites) -> None:
    class Blind(sound.Decoder):
        def feed(self, data):
            return super().feed(b"\0" + data[1:])

    bites("test_a_frame_with_flags_is_refused", decoder=Blind)


def zipped(sound, unzip):
    """Both ends of a codec that compresses its frames."""

    class Zip(sound.Encoder):
        def frame(self, bodies):
            text = sound.array(len(bodies)) + b"".join(bodies)
            return frame(zlib.compress(text))

    class Unzip(sound.Decoder):
        def _frame(self, payload):
            try:
                text = unzip(payload, frame_limit(self._limit))
            except zlib.error as error:
                raise MessageError(f"no frame: {error}") from None
            if len(text) > frame_limit(self._limit):
                raise MessageError("too large")
            return super()._frame(text)

    return Zip, Unzip


BOMBS = (
    "test_a_bomb_is_refused_and_not_unpacked",
    "test_many_small_bombs_in_a_frame_are_one",
)


def careless(payload: bytes, most: int) -> bytes:
    return zlib.decompress(payload)


def careful(payload: bytes, most: int) -> bytes:
    unzip = zlib.decompressobj()
    text = unzip.decompress(payload, most + 1)
    if unzip.unconsumed_tail or unzip.unused_data or not unzip.eof:
        raise MessageError("too large, or behind it is more")
    return text


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_that_is_unpacked(sound, bites, name: str) -> None:
    said = bites(name, *zipped(sound, careless))
    assert "bytes of it before it was refused" in said


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_that_is_not_unpacked_is_no_fault(
    sound, verdicts, name: str
) -> None:

    plugin = sound.plugin(*zipped(sound, careful))
    ended = verdicts(CodecSuite, plugin, only=name, **sound.own)
    assert ended == {name: "passed"}


def counting(sound, count):
    """A sound one that compresses, whose `unpacked` is of `count`."""
    encoder, decoder = zipped(sound, careful)

    class Counting(decoder):
        unpacked = 0

        def feed(self, data):
            self.sizes = []
            messages = super().feed(data)
            self.unpacked = count(self.sizes, self.unpacked)
            return messages

        def _frame(self, payload):
            self.sizes.append(len(careful(payload, frame_limit(self._limit))))
            return super()._frame(payload)

    return encoder, Counting


UNPACKED = "test_a_client_is_told_how_much_was_unpacked"


def test_a_codec_that_does_not_tell_how_much_it_unpacked(sound, bites) -> None:
    assert "has no attribute" in bites(UNPACKED, *zipped(sound, careful))


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (lambda sizes, _: max(sizes, default=0), "a feed of two messages"),
        (lambda sizes, before: before + sum(sizes), "of the last feed alone"),
    ],
    ids=["of one frame", "of all feeds"],
)
def test_a_codec_that_tells_it_wrongly(sound, bites, count, words) -> None:
    assert words in bites(UNPACKED, *counting(sound, count))


def test_a_codec_that_tells_how_much_it_unpacked(sound, verdicts) -> None:
    plugin = sound.plugin(*counting(sound, lambda sizes, _: sum(sizes)))
    ended = verdicts(CodecSuite, plugin, only=UNPACKED, **sound.own)
    assert ended == {UNPACKED: "passed"}
