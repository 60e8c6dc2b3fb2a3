"""Codecs that keep or share what is not theirs."""

from __future__ import annotations

import itertools
import threading

import pytest
from msgspec.structs import replace


def test_bytes_that_depend_on_what_was_before(sound, bites) -> None:
    class Counting(sound.Encoder):
        def encode(self, message):
            self.count = getattr(self, "count", 0) + 1
            data = {**message.data, "count": self.count}
            return super().encode(replace(message, data=data))

    bites("test_a_message_has_the_same_bytes_each_time", Counting)


def test_bytes_that_depend_on_the_encoder(sound, bites) -> None:
    number = itertools.count()

    class Salted(sound.Encoder):
        def __init__(self, limit):
            super().__init__(limit)
            self.salt = next(number)

        def encode(self, message):
            data = {**message.data, "salt": self.salt}
            return super().encode(replace(message, data=data))

    bites("test_two_encoders_write_the_same_bytes", Salted)


def test_data_that_is_changed(sound, bites) -> None:
    class Stamping(sound.Encoder):
        def encode(self, message):
            message.data["sent"] = True
            return super().encode(message)

    class Sorting(sound.Encoder):
        def encode(self, message):
            items = sorted(message.data.items())
            message.data.clear()
            message.data.update(items)
            return super().encode(message)

    bites("test_the_senders_data_is_left_as_it_was", Stamping)
    bites("test_the_senders_data_is_left_as_it_was", Sorting)


def test_a_memory_by_identity(sound, bites) -> None:
    class Remembering(sound.Encoder):
        def encode(self, message):
            if id(message.data) != getattr(self, "known", None):
                self.known = id(message.data)
                self.body = super().encode(message)
            return self.body

    bites("test_the_senders_data_is_looked_at_each_time", Remembering)


def test_a_memory_that_is_a_leak(sound, bites) -> None:
    class Keeping(sound.Encoder):
        def encode(self, message):
            self.last = message
            return super().encode(message)

    bites("test_the_senders_data_is_let_go", Keeping)


def test_bodies_that_are_made_later(sound, bites) -> None:
    class Lazy(sound.Encoder):
        def encode(self, message):
            self.last = message
            return super().encode(message)

        def frame(self, bodies):
            return super().frame([super().encode(self.last)])

    bites("test_a_body_does_not_change_with_the_senders_data", Lazy)


def test_messages_that_share_their_data(sound, bites) -> None:
    class Caching(sound.Decoder):
        known = {}  # noqa: RUF012 - that is what is wrong

        def _frame(self, payload):
            got = super()._frame(payload)
            return [
                replace(m, data=self.known.setdefault(repr(m.data), m.data))
                for m in got
            ]

    bites("test_what_arrives_is_the_receivers_own", decoder=Caching)


@pytest.mark.parametrize(
    "name",
    ["test_one_encoder_serves_many_decoders", "test_decoders_work_at_once"],
)
def test_a_buffer_for_all_connections(sound, bites, name: str) -> None:
    class Common(sound.Decoder):
        shared = sound.Decoder(1 << 20)

        def feed(self, data):
            return self.shared.feed(data)

    bites(name, decoder=Common)


def bound(base, method: str):
    """One that only the thread which made it may use."""

    class Bound(base):
        def __init__(self, limit):
            super().__init__(limit)
            self.thread = threading.get_ident()

        def check(self, argument):
            assert threading.get_ident() == self.thread
            return getattr(super(), method)(argument)

    setattr(Bound, method, Bound.check)
    return Bound


def test_ends_that_are_bound_to_a_thread(sound, bites) -> None:
    encoder = bound(sound.Encoder, "encode")
    bites("test_an_encoder_is_no_threads_own", encoder)
    decoder = bound(sound.Decoder, "feed")
    bites("test_a_decoder_is_no_threads_own", decoder=decoder)
