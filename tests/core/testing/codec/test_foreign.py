"""Codecs that carry what no message may hold, as something else."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from plugwire.framed import to_mapping
from plugwire.message import Message


def changed(value: Any, change) -> Any:
    """`value` with each leaf as `change` makes it."""
    if isinstance(value, dict):
        return {k: changed(v, change) for k, v in value.items()}
    if isinstance(value, list):
        return [changed(v, change) for v in value]
    return change(value)


class Loose:
    """An encoder that asks nobody what may be sent."""

    hook: Any = None

    def encode(self, message: Message) -> bytes:
        fields = msgspec.structs.asdict(message)
        del fields["kept"]
        wanted = {k: v for k, v in fields.items() if v is not None}
        return msgspec.msgpack.encode(wanted, enc_hook=self.hook)


@pytest.mark.parametrize(
    "name",
    [
        "test_foreign_values_are_refused",
        "test_dates_and_decimals_are_refused",
        "test_too_many_levels_are_refused",
        "test_data_is_a_mapping",
    ],
)
def test_an_encoder_that_sends_what_no_message_holds(
    sound, bites, name: str
) -> None:
    class Sending(Loose, sound.Encoder):
        hook = staticmethod(str)

    bites(name, Sending)


def test_ints_that_wrap_around(sound, bites) -> None:
    def wrap(value):
        return value % (1 << 64) if type(value) is int else value

    class Wrapping(Loose, sound.Encoder):
        def encode(self, message):
            data = changed(message.data, wrap)
            return super().encode(msgspec.structs.replace(message, data=data))

    bites("test_ints_beyond_are_refused", Wrapping)


def test_text_that_is_no_text(sound, bites) -> None:
    def replace(value):
        if isinstance(value, str):
            return value.encode("utf-8", "replace").decode()
        return value

    class Replacing(sound.Encoder):
        def encode(self, message):
            data = changed(message.data, replace)
            return super().encode(msgspec.structs.replace(message, data=data))

    bites("test_half_a_surrogate_is_refused", Replacing)


def test_a_refusal_that_tells_all(sound, bites) -> None:
    class Telling(sound.Encoder):
        def encode(self, message):
            try:
                return super().encode(message)
            except Exception as error:
                raise type(error)(f"{error}: {message}") from None

    bites("test_a_refusal_is_in_words", Telling)


def test_an_encoder_that_a_refusal_spoils(sound, bites) -> None:
    class Spoilt(sound.Encoder):
        def encode(self, message):
            good, self.good = getattr(self, "good", True), False
            to_mapping(message)
            body = super().encode(message)
            self.good = True
            return body if good else body + b"\xc0"

    bites("test_a_refusal_spoils_nothing", Spoilt)
