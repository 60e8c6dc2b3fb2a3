"""What an encoder offers is used, and not what it offers no more."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest

from plugwire.encoders import framed, lean, stamped
from plugwire.errors import MessageError
from plugwire.message import Message, MessageType
from plugwire.protocol import Messages
from plugwire_compress.encoder import PackingEncoder
from plugwire_json.encoder import JsonEncoder
from plugwire_msgpack.encoder import MsgpackEncoder
from plugwire_msgspec.encoder import MsgspecEncoder

LIMIT = 1 << 20
STAMP = Messages("load", UTC).stamp(MessageType.ERROR)


def message(data: dict[str, Any], **numbers: int) -> Message:
    return Message(
        event_name="load",
        timestamp_ms=STAMP.timestamp_ms,
        timestamp_iso=STAMP.timestamp_iso,
        message_type=MessageType.ERROR,
        data=data,
        **numbers,
    )


@pytest.mark.parametrize("kind", [JsonEncoder, MsgpackEncoder, MsgspecEncoder])
@pytest.mark.parametrize("number", [None, "seq", "id", "reply_to"])
def test_what_is_said_is_a_message_of_the_stamp(
    kind: Any, number: str | None
) -> None:
    numbers = {} if number is None else {number: 7}
    body = stamped(kind(LIMIT))(STAMP, {"a": 1}, **numbers)
    assert body == kind(LIMIT).encode(message({"a": 1}, **numbers))
    with pytest.raises(MessageError):
        stamped(kind(LIMIT))(STAMP, {"a": {1}})


class Shouting(MsgpackEncoder):
    """Of somebody who has another codec for one deployment."""

    def encode(self, message: Message) -> bytes:
        return super().encode(message).upper()


class Sealing(MsgpackEncoder):
    def frame(self, bodies: Any) -> bytes:
        return super().frame(bodies) + b"seal"


def test_an_inherited_offer_is_not_used_past_what_was_changed() -> None:
    loud = Shouting(LIMIT)
    body = stamped(loud)(STAMP, {"a": "quiet"})
    assert body == loud.encode(message({"a": "quiet"}))
    assert b"QUIET" in body
    assert lean(loud) == loud.head
    sealing = Sealing(LIMIT)
    assert lean(sealing) is None
    assert stamped(sealing) == sealing.encode_stamped


def test_an_offer_is_handed_on_by_who_wraps() -> None:
    inner = MsgpackEncoder(LIMIT)
    packing = PackingEncoder(inner, bytes, 10, LIMIT)
    assert stamped(packing) == inner.encode_stamped
    assert lean(packing) is None
    packing = PackingEncoder(JsonEncoder(LIMIT), bytes, 10, LIMIT)
    body = stamped(packing)(STAMP, {"a": 1}, 7)
    assert body == JsonEncoder(LIMIT).encode(message({"a": 1}, seq=7))


class Refusing(JsonEncoder):
    """Raises what it is given."""

    error: Exception

    def frame(self, bodies: Any) -> bytes:
        raise self.error


def test_what_an_encoder_raises_is_a_message_error() -> None:
    encoder = Refusing(LIMIT)
    encoder.error = KeyError("a fault")
    words = r"^the codec json failed \(.*\.Refusing\): KeyError: 'a fault'$"
    with pytest.raises(MessageError, match=words) as caught:
        framed(encoder, [b"{}"])
    assert caught.value.__cause__ is encoder.error


def test_a_message_error_of_its_own_is_handed_on_as_it_is() -> None:
    encoder = Refusing(LIMIT)
    encoder.error, cause = MessageError("too many"), ValueError("4097")
    encoder.error.__cause__ = cause
    with pytest.raises(MessageError) as caught:
        framed(encoder, [b"{}"])
    assert caught.value is encoder.error
    assert caught.value.__cause__ is cause
