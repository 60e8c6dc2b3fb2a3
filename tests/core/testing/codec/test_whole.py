"""Codecs that are well on the bench, and not in a server."""

from __future__ import annotations

import itertools

from msgspec.structs import replace

from plugwire.errors import MessageError


def test_a_format_for_each_end(sound, bites) -> None:
    number = itertools.count()

    class Named(sound.Encoder):
        def __init__(self, limit):
            super().__init__(limit)
            self.format = f"sound{next(number)}"

    bites("test_a_broadcast_arrives", Named)


def test_answers_without_their_data(sound, bites) -> None:
    class Forgetting(sound.Encoder):
        def encode(self, message):
            if message.reply_to is not None:
                message = replace(message, data={})
            return super().encode(message)

    bites("test_a_request_is_answered", Forgetting)


def test_frames_that_are_turned_around(sound, bites) -> None:
    class Reversing(sound.Encoder):
        def frame(self, bodies):
            return super().frame(bodies[::-1])

    bites("test_many_messages_arrive_in_order", Reversing)


def test_reads_that_are_whole_frames(sound, bites) -> None:
    class Hasty(sound.Decoder):
        def feed(self, data):
            got = super().feed(data)
            if self._splitter.pending:
                raise MessageError("where is the rest?")
            return got

    bites("test_large_messages_pass_both_ways", decoder=Hasty)


def test_bodies_that_do_not_keep(sound, bites) -> None:
    class Forgetting(sound.Encoder):
        def encode(self, message):
            self.last = super().encode(message)
            return self.last

        def frame(self, bodies):
            return super().frame([self.last] * len(bodies))

    bites("test_what_was_kept_arrives", Forgetting)


def test_another_error_for_senders(sound, bites) -> None:
    class Leaking(sound.Encoder):
        def encode(self, message):
            try:
                return super().encode(message)
            except MessageError as error:
                raise TypeError(str(error)) from None

    bites("test_what_cannot_be_sent_is_told_to_its_sender", Leaking)


def test_an_instance_for_one(sound, bites) -> None:
    class Single(sound.Encoder):
        made = 0

        def __init__(self, limit):
            super().__init__(limit)
            Single.made += 1
            if Single.made > 3:
                raise RuntimeError("one is enough")

    assert "one is enough" in bites("test_an_instance_serves_many", Single)
