"""Codecs that stumble over what is no message."""

from __future__ import annotations

import msgspec
import pytest

from plugwire.errors import MessageError
from plugwire.framed import from_mapping
from plugwire.framing import HEADER


class Open:
    """Lets its library's own errors out."""

    def _frame(self, payload):
        array = msgspec.msgpack.decode(payload)
        return [from_mapping(fields) for fields in array]


@pytest.mark.parametrize(
    "name",
    [
        "test_random_bodies_in_frames",
        "test_each_bit_turned_over",
        "test_each_byte_replaced",
        "test_each_byte_left_out_or_doubled",
        "test_each_truncated_body",
        "test_a_good_message_before_a_bad_one_is_not_enough",
    ],
)
def test_another_error(sound, bites, name: str) -> None:
    class Leaking(Open, sound.Decoder):
        pass

    said = bites(name, decoder=Leaking)
    assert "DecodeError" in said or "TypeError" in said


def test_random_bytes_that_are_looked_at_before_their_time(
    sound, bites
) -> None:
    class Hasty(sound.Decoder):
        def feed(self, data):
            HEADER.unpack_from(data)
            return super().feed(data)

    assert "struct.error" in bites("test_random_bytes", decoder=Hasty)


def test_another_protocol_that_has_an_error_of_its_own(sound, bites) -> None:
    class Rude(sound.Decoder):
        def feed(self, data):
            if data.startswith(b"\x16\x03"):
                raise ConnectionError("TLS is not spoken here")
            return super().feed(data)

    bites("test_other_protocols", decoder=Rude)


class Swallowing:
    """Goes on as if nothing had been."""

    def _frame(self, payload):
        try:
            return super()._frame(payload)
        except MessageError:
            return []


@pytest.mark.parametrize(
    "name",
    [
        "test_each_truncated_body",
        "test_a_frame_of_nothing_is_refused",
        "test_bytes_behind_the_last_message_are_refused",
        "test_more_messages_than_are_there_are_refused",
        "test_a_good_message_before_a_bad_one_is_not_enough",
    ],
)
def test_an_error_that_is_swallowed(sound, bites, name: str) -> None:
    class Silent(Swallowing, sound.Decoder):
        pass

    assert "where a MessageError was due" in bites(name, decoder=Silent)


def test_what_stands_behind_is_not_looked_at(sound, bites) -> None:
    class Content(sound.Decoder):
        @staticmethod
        def loads(payload):
            for end in range(len(payload), 0, -1):
                try:
                    return msgspec.msgpack.decode(payload[:end])
                except msgspec.DecodeError:
                    continue
            raise ValueError("nothing")

    name = "test_bytes_behind_the_last_message_are_refused"
    assert "1 messages, where" in bites(name, decoder=Content)


def test_a_refusal_that_repeats_it_all(sound, bites) -> None:
    class Telling(sound.Decoder):
        def _frame(self, payload):
            try:
                return super()._frame(payload)
            except MessageError as error:
                raise MessageError(f"{error}: {payload!r}") from None

    bites("test_a_refusal_is_short", decoder=Telling)


def test_a_refusal_that_all_connections_feel(sound, bites) -> None:
    class Fragile(sound.Decoder):
        broken = False

        def feed(self, data):
            if Fragile.broken:
                raise MessageError("it is broken")
            try:
                return super().feed(data)
            except MessageError:
                Fragile.broken = True
                raise

    bites("test_one_peers_rubbish_is_not_anothers", decoder=Fragile)
