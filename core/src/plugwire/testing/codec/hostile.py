"""Bytes that are no messages: one error, whatever they are."""

from __future__ import annotations

import random

import pytest

from plugwire.errors import MessageError
from plugwire.framing import HEADER, HEADER_BYTES
from plugwire.testing.codec.bench import Bench, Benched
from plugwire.testing.codec.frames import SEED
from plugwire.testing.codec.model import message, rich

STRANGERS = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(64)),
    b"SSH-2.0-OpenSSH_9.6\r\n",
    b"\n[]\n{}\nnull\n",
    b'{"plugwire": 1}\n',
    bytes(64),
    b"\xff" * 64,
)
"""Who else may come to a port: browsers, TLS, SSH, and what is nothing."""
DRAWN = 400
"""Random inputs of a kind: milliseconds, and enough to reach each branch of
a parser's first bytes."""


class Hostile(Benched):
    """`MessageError`, and nothing else, for everything that is none."""

    @pytest.mark.parametrize("data", STRANGERS, ids=lambda d: repr(d[:8]))
    def test_other_protocols(self, bench: Bench, data: bytes) -> None:
        """They are no messages, and no other error either."""
        decoder = bench.decoder()
        try:
            got = decoder.feed(data)
        except MessageError:
            return
        assert got == [], f"made {got} of {data!r}"

    def test_random_bytes(self, bench: Bench) -> None:
        """Any other exception is logged as the codec's fault."""
        draw = random.Random(SEED)
        for _ in range(DRAWN):
            bench.survives(draw.randbytes(draw.randrange(200)))

    def test_random_bodies_in_frames(self, bench: Bench) -> None:
        """What the frame announces is well, and what it holds is not."""
        draw = random.Random(SEED)
        for _ in range(DRAWN):
            body = draw.randbytes(draw.randrange(1, 60))
            bench.survives(bench.encoder.frame([body]))

    def test_each_bit_turned_over(self, bench: Bench) -> None:
        """One bit is wrong: refused, or another message that is whole."""
        data = bench.wire(rich())
        for at in range(len(data)):
            for bit in range(8):
                broken = bytearray(data)
                broken[at] ^= 1 << bit
                bench.survives(bytes(broken))

    def test_each_byte_replaced(self, bench: Bench) -> None:
        """By those that mean something in many formats."""
        data = bench.wire(rich())
        for at in range(len(data)):
            for byte in (0x00, 0x7F, 0x80, 0xC1, 0xFF):
                broken = data[:at] + bytes((byte,)) + data[at + 1 :]
                bench.survives(broken)

    def test_each_byte_left_out_or_doubled(self, bench: Bench) -> None:
        """Lengths within do not fit any more."""
        body = bench.encoder.encode(rich())
        for at in range(len(body)):
            frame = bench.encoder.frame
            bench.survives(frame([body[:at] + body[at + 1 :]]))
            bench.survives(frame([body[: at + 1] + body[at:]]))

    def test_each_truncated_body(self, bench: Bench) -> None:
        """In a frame that is whole: there is no such message."""
        body = bench.encoder.encode(rich())
        for end in range(1, len(body)):
            bench.is_refused(bench.encoder.frame([body[:end]]))

    def test_a_frame_of_nothing_is_refused(self, bench: Bench) -> None:
        """A frame holds one message at least."""
        self.need("frames")
        bench.is_refused(HEADER.pack(0))

    def test_bytes_behind_the_last_message_are_refused(
        self, bench: Bench
    ) -> None:
        """Within the frame: whatever they are, somebody else may read them
        as something."""
        self.need("frames")
        data = bench.wire(rich())
        payload = data[HEADER_BYTES:]
        for more in (b"\0", b"\x01", payload):
            whole = payload + more
            bench.is_refused(HEADER.pack(len(whole)) + whole)

    def test_more_messages_than_are_there_are_refused(
        self, bench: Bench
    ) -> None:
        """A frame cut between two messages."""
        self.need("frames")
        body = bench.encoder.encode(message())
        both = bench.encoder.frame([body, body])[HEADER_BYTES:]
        for end in range(len(both)):
            bench.is_refused(HEADER.pack(end) + both[:end])

    def test_a_good_message_before_a_bad_one_is_not_enough(
        self, bench: Bench
    ) -> None:
        """In one frame: it is refused as a whole."""
        good = bench.encoder.encode(message())
        bench.is_refused(bench.encoder.frame([good, good[:-1]]))

    def test_a_refusal_is_short(self, bench: Bench) -> None:
        """It is logged and told to the peer: a megabyte of rubbish must not
        be in it."""
        body = bench.encoder.encode(message({"text": "x" * 50_000}))
        text = bench.is_refused(bench.encoder.frame([body[:-1]]))
        assert 5 <= len(text) <= 1000, f"expected a sentence, found {text!r}"

    def test_one_peers_rubbish_is_not_anothers(self, bench: Bench) -> None:
        """The decoders of other connections go on."""
        data = bench.wire(rich())
        other, half = bench.decoder(), len(data) // 2
        assert other.feed(data[:half]) == []
        body = bench.encoder.encode(rich())
        bench.is_refused(bench.encoder.frame([body[:-1]]))
        assert other.feed(data[half:]) == [rich()]
