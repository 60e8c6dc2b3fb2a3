"""The bounds: of a message, of a frame, and of what is held meanwhile."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable

import pytest

from plugwire.errors import MessageError
from plugwire.framing import (
    FRAME_SLACK,
    HEADER,
    MAX_MESSAGE_BYTES,
    MAX_PAYLOAD,
    MIN_MESSAGE_BYTES,
    TICK_BYTES,
    frame_limit,
)
from plugwire.message import Message
from plugwire.testing.codec.bench import Bench, Benched
from plugwire.testing.codec.frames import SEED
from plugwire.testing.codec.holding import held
from plugwire.testing.codec.model import message

READ = 64 * 1024
"""Bytes of a read: about what core takes from a socket at a time."""
SMALL = 4096
"""A limit that is easily passed."""
BOMB = 8 << 20
"""Bytes of a message that compresses to next to nothing."""
COPIES = 6
"""Times its bound that a decoder may hold while it refuses: what came, the
same joined and cut, and what a library makes of that."""
SHORT, LONG, MORSEL = 16 * 1024, 900_000, 64
"""Bytes of a message that comes in pieces, short and long, and of a piece."""
STEEP = 8
"""Times that a piece of the long one may cost what one of the short one
does: 50 where each is joined to all before, 1 where none is."""
TRIES = 5
ROOM = 1 << 20
"""Bytes that it may hold whatever the bound: modules, caches, messages."""


class Limits(Benched):
    """Nobody makes a server hold more than its settings say."""

    def test_the_largest_message_and_one_more(
        self, benches: Callable[..., Bench]
    ) -> None:
        """`max_message_bytes` is what an operator may rely on, to the byte:
        what fits is sent, and one character more is refused."""
        draw = random.Random(SEED)
        text = "".join(draw.choices("0123456789abcdef", k=2 * SMALL))
        free, bound = benches(), benches(SMALL)

        def size(count: int) -> int:
            sent = message({"text": text[:count]})
            return len(free.encoder.encode(sent))

        count = max(n for n in range(0, 2 * SMALL, 8) if size(n) <= SMALL)
        while size(count + 1) <= SMALL:
            count += 1
        fits = message({"text": text[:count]})
        assert bound.carry(fits) == fits
        more = message({"text": text[: count + 1]})
        bound.encoder_refuses(more)
        assert bound.carry(fits) == fits

    def test_a_refusal_of_size_names_the_setting(
        self, benches: Callable[..., Bench]
    ) -> None:
        """Whoever reads it wants to know which one to raise."""
        said = benches(SMALL).encoder_refuses(message({"text": _noise(BOMB)}))
        assert "max_message_bytes" in said, f"found {said!r:.300}"

    @pytest.mark.parametrize("limit", [MIN_MESSAGE_BYTES, MAX_MESSAGE_BYTES])
    def test_any_limit_that_may_be_set(
        self, benches: Callable[..., Bench], limit: int
    ) -> None:
        """From the least to the largest, and a large one costs nothing
        until a large message comes."""
        bench = benches(limit)
        bench.carry(message())
        with held() as found:
            assert bench.decoder().feed(bench.wire(message())) == [message()]
        assert found.peak < ROOM, f"held {found.peak} bytes for a small one"

    def test_one_message_over_the_limit_is_refused(
        self, benches: Callable[..., Bench]
    ) -> None:
        """A peer's encoder may have another limit, or none."""
        large = message({"text": _noise(SMALL + FRAME_SLACK)})
        benches(SMALL).is_refused(benches().wire(large))

    def test_what_is_within_the_limit_is_taken(
        self, benches: Callable[..., Bench]
    ) -> None:
        """Whole ticks are joined into one frame, whatever the limit of one
        message is."""
        small, bound = message({"text": "x" * 200}), benches(SMALL)
        body = bound.encoder.encode(small)
        count = TICK_BYTES // len(body)
        got = bound.read(bound.encoder.frame([body] * count))
        assert got == [small] * count

    @pytest.mark.parametrize("limit", [SMALL, 2 * TICK_BYTES])
    def test_the_fullest_frame_is_taken(
        self, benches: Callable[..., Bench], limit: int
    ) -> None:
        """To the byte: core joins bodies up to `TICK_BYTES`, or frames one
        of `max_message_bytes` where that is more. What is around them comes
        on top, and a bound has room for it (`frame_limit`)."""
        bench = benches(limit)
        left, sent = max(TICK_BYTES, limit), []
        while left > limit:
            part = message({"text": _noise(limit // 2)})
            sent.append(part)
            left -= len(bench.encoder.encode(part))
        sent.append(_filling(bench, left))
        try:
            got = bench.read(bench.wire(*sent))
        except MessageError as error:
            pytest.fail(
                f"bodies of {max(TICK_BYTES, limit)} bytes in all, with "
                f"max_message_bytes {limit}, are refused: {error}"
            )
        assert got == sent

    def test_a_frame_that_never_ends_is_refused(
        self, benches: Callable[..., Bench]
    ) -> None:
        """A peer that sends and sends must not fill the server's memory."""
        bound = benches(SMALL)
        body = benches(BOMB).encoder.encode(
            message({"text": _noise(BOMB // 2)})
        )
        frame = benches(BOMB).encoder.frame([body])[:-1]
        decoder = bound.decoder()
        most = frame_limit(SMALL)
        with held() as found:
            taken = 0
            try:
                for at in range(0, len(frame), READ):
                    got = decoder.feed(frame[at : at + READ])
                    assert got == [], f"made {len(got)} messages of a part"
                    taken += READ
            except MessageError:
                pass
        assert taken <= 2 * (most + READ), (
            f"took {taken} bytes of one frame; {most} are allowed"
        )
        allowed = COPIES * (most + READ) + ROOM
        assert found.peak <= allowed, f"held {found.peak} bytes meanwhile"

    def test_a_large_message_costs_no_more_for_its_pieces(
        self, benches: Callable[..., Bench]
    ) -> None:
        """A peer may send a byte at a time. Whoever looks at all that it
        holds at each read works for minutes at what took a second to
        send."""
        bench = benches()
        least, most = (
            _morsel(bench, bench.wire(message({"text": _noise(size)})))
            for size in (SHORT, LONG)
        )
        assert most <= STEEP * least, (
            f"a read of {MORSEL} bytes takes {least * 1e6:.1f} µs amidst a "
            f"message of {SHORT} bytes, and {most * 1e6:.1f} µs amidst one of "
            f"{LONG}: hold the pieces, and join them once"
        )

    def test_a_length_over_the_limit_is_refused_at_once(
        self, benches: Callable[..., Bench]
    ) -> None:
        """When the header is there, and before anything else is."""
        self.need("frames")
        for limit in (MIN_MESSAGE_BYTES, SMALL, 1 << 20):
            bound = benches(limit)
            for length in (frame_limit(limit) + 1 + READ, MAX_PAYLOAD):
                bound.is_refused(HEADER.pack(length))

    def test_a_length_within_the_limit_is_waited_for(
        self, benches: Callable[..., Bench]
    ) -> None:
        """And costs nothing until its bytes are there."""
        self.need("frames")
        decoder = benches().decoder()
        with held() as found:
            assert decoder.feed(HEADER.pack(frame_limit(1 << 20))) == []
        assert found.peak < ROOM // 2, f"held {found.peak} bytes for a header"

    def test_a_frame_with_flags_is_refused(self, bench: Bench) -> None:
        """They are a later version's, and mean something."""
        self.need("frames")
        data = bench.wire(message())
        for flag in (1, 2, 0x80, 0xFF):
            bench.is_refused(bytes((flag,)) + data[1:])

    def test_a_bomb_is_refused_and_not_unpacked(
        self, benches: Callable[..., Bench]
    ) -> None:
        """A few bytes that unpack to many: compressed formats stop at what
        is allowed, and see it as they unpack, not afterwards."""
        bomb = benches(MAX_MESSAGE_BYTES).wire(message({"text": "a" * BOMB}))
        _refuses_small(benches(SMALL), bomb)

    def test_a_client_is_told_how_much_was_unpacked(
        self, bench: Bench
    ) -> None:
        """A client's buffer is bounded in bytes: few that unpack to many
        count for the many, by the decoder's attribute `unpacked` (see
        `plugwire.interfaces.Unpacker`)."""
        text = "again " * (bench.limit // 10)
        data = bench.wire(message({"text": text}))
        if len(data) >= len(text):
            return  # nothing is packed
        decoder = bench.decoder()
        assert len(decoder.feed(data * 2)) == 2
        told = getattr(decoder, "unpacked", None)
        assert told is not None, (
            f"{len(data)} bytes are a message of {len(text)} characters, and "
            "the decoder has no attribute `unpacked` that says so"
        )
        assert told >= 2 * len(text), (
            f"`unpacked` is {told}, after a feed of two messages of "
            f"{len(text)} characters"
        )
        decoder.feed(data[:1])
        assert getattr(decoder, "unpacked", told) < len(text), (
            "`unpacked` is of the last feed alone, which completed nothing"
        )

    def test_many_small_bombs_in_a_frame_are_one(
        self, benches: Callable[..., Bench]
    ) -> None:
        """Each message within the limit, and all of them far beyond it."""
        bound = benches(SMALL)
        if bound.encoder.lines:
            pytest.skip("each line is a frame, within its limit")
        text = "a" * (SMALL // 2)
        body = bound.encoder.encode(message({"text": text}))
        try:
            frame = bound.encoder.frame([body] * (BOMB // len(text)))
        except MessageError:
            return  # it knows itself what a frame may hold
        _refuses_small(bound, frame)


def _filling(bench: Bench, room: int) -> Message:
    """The message whose body is the largest in `room` bytes."""
    text = _noise(room)

    def size(count: int) -> int:
        sent = message({"text": text[:count]})
        try:
            return len(bench.encoder.encode(sent))
        except MessageError:  # over the limit of one
            return room + 1

    count = room - size(0)
    while size(count) > room:
        count -= 1
    while size(count + 1) <= room:
        count += 1
    return message({"text": text[:count]})


def _refuses_small(bench: Bench, data: bytes) -> None:
    """Assert that a decoder refuses `data`, holding little meanwhile."""
    decoder = bench.decoder()
    with held() as found:
        try:
            for at in range(0, len(data), READ):
                decoder.feed(data[at : at + READ])
        except MessageError:
            pass
        else:
            pytest.fail("it was taken, where a MessageError was due")
    allowed = COPIES * (frame_limit(bench.limit) + READ) + ROOM
    assert allowed < BOMB
    assert found.peak <= allowed, (
        f"held {found.peak} bytes of it before it was refused; at most "
        f"{allowed} are expected"
    )


def _morsel(bench: Bench, data: bytes) -> float:
    """Seconds of this thread that a read of `MORSEL` bytes of `data` takes,
    all but the last one: the quickest of some tries."""
    pieces = [
        data[at : at + MORSEL] for at in range(0, len(data) - MORSEL, MORSEL)
    ]
    tries = []
    # A tracer, such as coverage's, has its own price for each line: next to
    # it, what a decoder copies would hardly be seen.
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        for _ in range(TRIES):
            feed = bench.decoder().feed
            begun = time.thread_time()
            for piece in pieces:
                feed(piece)
            tries.append((time.thread_time() - begun) / len(pieces))
    finally:
        sys.settrace(tracer)
    return min(tries)


def _noise(count: int) -> str:
    """Text of so many characters that does not compress well."""
    return random.Random(SEED).randbytes(count // 2 + 1).hex()[:count]
