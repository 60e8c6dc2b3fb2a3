"""Codecs that change a value on its way, or carry what none may."""

from __future__ import annotations

import math
import struct
import unicodedata
from typing import Any

import msgspec
import pytest


def changed(value: Any, change) -> Any:
    """`value` with each leaf as `change` makes it."""
    if isinstance(value, dict):
        return {k: changed(v, change) for k, v in value.items()}
    if isinstance(value, list):
        return [changed(v, change) for v in value]
    return change(value)


def halve(value):
    if type(value) is float:
        return struct.unpack(">f", struct.pack(">f", value % 3e38))[0]
    return value


def shorten(value):
    return int(value) if value in (1.0, 0.0, -3.0) else value


def clip(value):
    return min(value, (1 << 63) - 1) if type(value) is int else value


def blank(value):
    odd = type(value) is float and not math.isfinite(value)
    return None if odd else value


def compose(value):
    odd = isinstance(value, str)
    return unicodedata.normalize("NFC", value) if odd else value


def unite(value):
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (halve, "test_floats_keep_every_bit"),
        (shorten, "test_whole_floats_stay_floats"),
        (clip, "test_the_least_and_the_largest_int"),
        (float, "test_ints_of_every_size"),
        (blank, "test_nonfinite"),
        (compose, "test_text"),
        (unite, "test_text_with_control_characters"),
        (lambda v: int(v) if v is True else v, "test_bools_stay_bools"),
        (lambda v: "" if v is None else v, "test_none"),
        (lambda v: v or None, "test_bytes_of_every_length"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_value_that_arrives_otherwise(
    sound, bites, change, name: str
) -> None:
    class Changing(sound.Encoder):
        @staticmethod
        def dumps(fields):
            data = changed(fields["data"], change)
            return sound.encode(fields | {"data": data})

    bites(name, Changing)


def test_claims_are_checked_both_ways(sound, bites) -> None:
    for name in ("bytes", "nonfinite"):
        rest = {"bytes", "frames", "nonfinite"} - {name}
        said = bites(f"test_{name}", capabilities=rest)
        assert f"has {name!r} and does not claim it" in said

    class Textual(sound.Encoder):
        @staticmethod
        def dumps(fields):
            def change(value):
                return value.hex() if isinstance(value, bytes) else value

            return sound.encode(changed(fields, change))

    said = bites("test_bytes", Textual)
    assert "claims 'bytes'" in said
    assert "bytes arrive as str" in said


def test_a_decoder_that_takes_bytes_alone(sound, bites) -> None:
    class Splitting(sound.Decoder):
        def feed(self, data):
            got = []
            for payload in self._splitter.feed(data):
                assert payload.startswith(b"\xdc")
                got += self._frame(payload)
            return got

    said = bites("test_large_messages", decoder=Splitting)
    assert "'memoryview' object has no attribute 'startswith'" in said


def test_relatives_are_not_refused(sound, bites) -> None:
    class Strict(sound.Encoder):
        def encode(self, message):
            body = msgspec.msgpack.encode(message)
            if msgspec.msgpack.decode(body)["data"] != message.data:
                raise TypeError("not the very types")
            return body

    bites("test_relatives_arrive_as_what_they_are", Strict)
