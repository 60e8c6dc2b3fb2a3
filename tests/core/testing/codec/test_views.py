"""Codecs that spare copies, and something else with them."""

from __future__ import annotations

from plugwire.errors import MessageError
from plugwire.framing import HEADER, HEADER_BYTES, MAX_PAYLOAD
from plugwire.testing.codec.bench import Bench
from plugwire.testing.codec.model import message
from plugwire.testing.codec.views import pieces, stream, vars_of


def test_the_stream_takes_several_reads(sound) -> None:
    limit = 2 << 20
    bench = Bench(sound.Encoder(limit), lambda: sound.Decoder(limit), limit)
    assert len(pieces(bench, stream())) > 2 * len(stream())


def test_a_head_that_counts_itself(sound, bites) -> None:
    class Counting(sound.Encoder):
        def head(self, body):
            head = sound.array(1)
            return HEADER.pack(HEADER_BYTES + len(head) + len(body)) + head

    said = bites("test_a_head_and_its_body_are_a_frame", Counting)
    assert "a frame that `frame` does not" in said


def test_a_stamp_that_is_made_of_the_last_one(sound, bites) -> None:
    class Sticky(sound.Encoder):
        stamp = None

        def encode_stamped(
            self, stamp, data, seq=None, id=None, reply_to=None
        ):
            self.stamp = self.stamp or stamp
            return self.encode(
                message(
                    data, **vars_of(self.stamp), seq=seq, id=id,
                    reply_to=reply_to,
                )
            )  # fmt: skip

    said = bites("test_what_is_stamped_is_what_is_encoded", Sticky)
    assert "is other bytes" in said


def test_a_stamped_message_that_is_not_looked_at(sound, bites) -> None:
    class Trusting(sound.Encoder):
        def encode_stamped(
            self, stamp, data, seq=None, id=None, reply_to=None
        ):
            try:
                return self.encode(message(data, seq=seq))
            except MessageError:
                return b""

    said = bites("test_what_cannot_be_sent_cannot_be_stamped", Trusting)
    assert "DID NOT RAISE" in said


def test_a_view_that_is_kept(sound, bites) -> None:
    class Keeping(sound.Decoder):
        def feed(self, data):
            got = super().feed(data)
            parts = self._splitter._parts
            if parts and type(data) is memoryview:
                parts[-1] = data[-len(parts[-1]) :]
            return got

    bites("test_a_view_is_read_as_bytes_are", decoder=Keeping)


def test_a_room_whose_bytes_are_counted_twice(sound, bites) -> None:
    class Twice(sound.Decoder):
        in_room = None

        def room(self):
            self.in_room = super().room()
            return self.in_room

        def feed(self, data):
            if self.in_room is not None and len(data) > 4096:
                self.in_room = None
                return super().feed(data[:4096]) + super().feed(data)
            return super().feed(data)

    bites("test_what_is_read_in_its_room_arrives", decoder=Twice)


def test_a_room_for_whatever_a_header_says(sound, bites) -> None:
    class Trusting(sound.Decoder):
        said = 0

        def feed(self, data):
            if len(data) >= HEADER_BYTES:
                self.said = HEADER.unpack_from(data)[0] & MAX_PAYLOAD
            return super().feed(data)

        def room(self):
            return memoryview(bytearray(max(1, self.said)))

    said = bites("test_a_header_alone_has_no_large_room", decoder=Trusting)
    assert "bytes of room" in said
