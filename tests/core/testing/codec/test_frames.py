"""Codecs that are in time only when reads are frames."""

from __future__ import annotations

import pytest

from plugwire.errors import MessageError
from plugwire.framing import frame
from plugwire.testing.codec.bench import Bench
from plugwire.testing.codec.frames import in_pieces, numbered


def test_pieces_are_put_together(sound) -> None:
    bench = Bench(sound.Encoder(999), lambda: sound.Decoder(999), 999)
    sent = numbered(3)
    data = bench.wire(*sent)
    assert in_pieces(bench, (data[:9], data[9:])) == sent


def test_a_header_with_room_for_fifteen(sound, bites) -> None:
    class Short(sound.Encoder):
        @staticmethod
        def array(count):
            return bytes((0x90 | count & 15,))

    for name in (
        "test_frames_of_so_many",
        "test_the_fullest_frame",
        "test_as_many_messages_as_a_frame_may_hold",
    ):
        bites(name, Short)


def test_frames_of_any_number(sound, bites) -> None:
    class Trusting(sound.Decoder):
        def feed(self, data):
            got = []
            for payload in self._splitter.feed(data):
                body, many = bytes(payload[3:]), payload[1:3]
                count = int.from_bytes(many, "big")
                size = len(body) // count
                for at in range(0, len(body), size):
                    part = sound.array(1) + body[at : at + size]
                    got += self._frame(part)
            return got

    bites("test_too_many_messages_are_refused", decoder=Trusting)


def test_bodies_that_come_again(sound, bites) -> None:
    class Keeping(sound.Encoder):
        before = ()

        def frame(self, bodies):
            bodies, self.before = (*self.before, *bodies), tuple(bodies)
            return super().frame(bodies)

    bites("test_a_body_is_good_for_many_frames", Keeping)


def test_bodies_that_are_only_what_was_encoded_last(sound, bites) -> None:
    class Last(sound.Encoder):
        def encode(self, message):
            self.last = super().encode(message)
            return self.last

        def frame(self, bodies):
            return super().frame([*bodies[:-1], self.last])

    bites("test_frames_need_not_come_from_this_encoder", Last)


def test_a_read_is_taken_for_a_frame(sound, bites) -> None:
    class Hasty(sound.Decoder):
        def feed(self, data):
            return self._frame(data[4:]) if data else []

    for name in (
        "test_a_read_may_end_anywhere",
        "test_byte_by_byte",
        "test_half_a_frame_gives_nothing",
        "test_several_frames_in_one_read",
    ):
        bites(name, decoder=Hasty)


def test_a_decoder_that_forgets_a_piece(sound, bites) -> None:
    class Forgetting(sound.Decoder):
        def feed(self, data):
            if len(data) > 9000 and self._splitter.pending:
                data = data[:-1]
            try:
                return super().feed(data)
            except MessageError:
                return []

    bites("test_pieces_of_any_size", decoder=Forgetting)


def test_only_the_first_frame_of_a_read(sound, bites) -> None:
    class First(sound.Decoder):
        def feed(self, data):
            return super().feed(data)[:1]

    bites("test_several_frames_in_one_read", decoder=First)
    bites("test_byte_by_byte", decoder=First)


def test_a_message_that_waits_for_the_next(sound, bites) -> None:
    class Waiting(sound.Decoder):
        waits = ()

        def feed(self, data):
            got = [*self.waits, *super().feed(data)]
            self.waits = got[-1:]
            return got[:-1]

    bites(
        "test_a_message_is_handed_out_as_soon_as_it_is_whole", decoder=Waiting
    )
    bites(
        "test_the_end_of_one_frame_and_the_start_of_another", decoder=Waiting
    )


@pytest.mark.parametrize("when", ["first", "later"])
def test_a_read_of_nothing_is_taken_for_the_end(
    sound, bites, when: str
) -> None:
    class Ending(sound.Decoder):
        fed = False

        def feed(self, data):
            if not data and (self.fed or when == "first"):
                raise MessageError("the end")
            self.fed = True
            return super().feed(data)

    bites("test_a_read_of_nothing_gives_nothing", decoder=Ending)


def test_the_kit_frames_as_plugwire_does(sound) -> None:
    body = sound.encode({"a": 1})
    whole = sound.Encoder(999).frame([body])
    assert whole == frame(sound.array(1), body)
