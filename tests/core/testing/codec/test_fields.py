"""Codecs that lose or change a field, or take any."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import force_setattr, replace

from plugwire.message import MessageType


def forgetting(sound, key: str):
    class Forgetting(sound.Encoder):
        def encode(self, message):
            return super().encode(replace(message, **{key: None}))

    return Forgetting


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("seq", "test_numbers"),
        ("id", "test_numbers"),
        ("reply_to", "test_all_fields_together"),
        ("op", "test_op"),
    ],
)
def test_a_field_that_is_left_out(sound, bites, key: str, name: str) -> None:
    bites(name, forgetting(sound, key))


def changing(sound, change):
    class Changing(sound.Encoder):
        def encode(self, message):
            return super().encode(replace(message, **change(message)))

    return Changing


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda m: {"seq": m.seq or None}, "test_numbers"),
        (lambda m: {"id": m.id or 0}, "test_what_is_absent_stays_absent"),
        (lambda m: {"event_name": m.event_name.lower()}, "test_event_names"),
        (lambda m: {"timestamp_ms": abs(m.timestamp_ms)}, "test_timestamps"),
        (
            lambda m: {"timestamp_iso": m.timestamp_iso.replace("Z", "")},
            "test_timestamps_in_any_zone",
        ),
        (
            lambda m: {"message_type": MessageType.DATA},
            "test_message_types",
        ),
        (
            lambda m: {"event_name": str(m.event_name)},
            "test_wrong_types_of_names_never_arrive",
        ),
        (
            lambda m: {"event_name": m.event_name.strip()},
            "test_other_event_names_never_arrive",
        ),
    ],
)
def test_a_field_that_arrives_otherwise(
    sound, bites, change, name: str
) -> None:
    bites(name, changing(sound, change))


def test_a_head_that_is_kept_too_long(sound, bites) -> None:
    class Caching(sound.Encoder):
        iso = None

        def encode(self, message):
            self.iso = self.iso or message.timestamp_iso
            return super().encode(replace(message, timestamp_iso=self.iso))

    bites("test_fields_of_one_message_are_not_the_nexts", Caching)


def test_kept_on_the_wire(sound, bites) -> None:
    class Telling(sound.Encoder):
        def encode(self, message):
            return msgspec.msgpack.encode(message)

    bites("test_kept_is_not_on_the_wire", Telling)


def test_names_that_must_be_plain(sound, bites) -> None:
    class Plain(sound.Encoder):
        def encode(self, message):
            assert type(message.event_name) is str
            return super().encode(message)

    bites("test_event_names_from_an_enum", Plain)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("event_name", "test_other_event_names_never_arrive"),
        ("timestamp_ms", "test_other_timestamps_never_arrive"),
        ("message_type", "test_other_types_never_arrive"),
        ("seq", "test_other_numbers_never_arrive"),
        ("op", "test_other_ops_never_arrive"),
    ],
)
def test_a_field_that_nobody_looks_at(
    sound, bites, key: str, name: str
) -> None:
    good = {"event_name": "kit", "timestamp_ms": 0, "message_type": "data"}

    class Trusting(sound.Decoder):
        @staticmethod
        def loads(payload):
            array = msgspec.msgpack.decode(payload)
            aside.append([fields.get(key) for fields in array])
            return [fields | {key: good.get(key)} for fields in array]

        def feed(self, data):
            got = super().feed(data)
            for message, value in zip(got, aside.pop(), strict=True):
                force_setattr(message, key, value)
            return got

    aside: list[list[object]] = []
    assert "let pass the" in bites(name, decoder=Trusting)
