"""What an encoder offers beside what it must, and how it fails.

What it offers is meant to be the same as what it must, but quicker. Who
derives an encoder and changes the one has not changed the other, which he may
not even know of: then it is not used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, cast

from plugwire.errors import MessageError
from plugwire.interfaces import Encoder, LeanEncoder, StampingEncoder
from plugwire.logs import clean
from plugwire.message import Message, Stamp


class Stamped(Protocol):
    """`StampingEncoder.encode_stamped`."""

    def __call__(
        self,
        stamp: Stamp,
        data: dict[str, Any],
        seq: int | None = None,
        id: int | None = None,
        reply_to: int | None = None,
    ) -> bytes:
        """The body of the message of these fields."""


def stamped(encoder: Encoder) -> Stamped:
    """What encodes data under a stamp by `encoder`: asked once, where an
    encoder is put to use."""
    if _offers(encoder, "encode_stamped", "encode"):
        return cast("StampingEncoder", encoder).encode_stamped
    encode = encoder.encode

    def by_message(
        stamp: Stamp,
        data: dict[str, Any],
        seq: int | None = None,
        id: int | None = None,
        reply_to: int | None = None,
    ) -> bytes:
        return encode(
            Message(
                event_name=stamp.event_name,
                timestamp_ms=stamp.timestamp_ms,
                timestamp_iso=stamp.timestamp_iso,
                message_type=stamp.message_type,
                data=data,
                seq=seq,
                id=id,
                reply_to=reply_to,
            )
        )

    return by_message


def lean(encoder: Encoder) -> Callable[[bytes], bytes] | None:
    """`LeanEncoder.head` of `encoder`, or None."""
    if _offers(encoder, "head", "frame"):
        return cast("LeanEncoder", encoder).head
    return None


def failure(encoder: Encoder, error: Exception) -> MessageError:
    """What `error`, which `encoder` raised and which is no `MessageError`,
    is to who wanted something encoded: the encoder's own fault."""
    kind = type(encoder)
    return MessageError(
        f"the codec {clean(encoder.format)} failed "
        f"({kind.__module__}.{kind.__qualname__}): "
        f"{type(error).__name__}: {clean(error)}"
    )


def framed(encoder: Encoder, bodies: Sequence[bytes]) -> bytes:
    """`bodies` in a frame by `encoder`. Raises `MessageError`, whatever it
    raises or returns in place of bytes."""
    try:
        frame = encoder.frame(bodies)
        if type(frame) is bytes:
            return frame
        raise TypeError(f"frame() gave {type(frame).__name__}, not bytes")
    except MessageError:
        raise
    except Exception as error:
        raise failure(encoder, error) from error


def _offers(encoder: Encoder, quick: str, plain: str) -> bool:
    """Whether `encoder` has a `quick`, and none of its classes has a `plain`
    of its own since."""
    for kind in type(encoder).__mro__:
        if quick in vars(kind):
            return hasattr(encoder, quick)
        if plain in vars(kind):
            return False
    return False
