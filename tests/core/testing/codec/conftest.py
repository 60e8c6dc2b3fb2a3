"""A codec that is sound, to be broken one promise at a time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from plugwire.framed import FramedDecoder, FramedEncoder
from plugwire.hookspecs import hookimpl
from plugwire.testing import CodecSuite

encode, decode = msgspec.msgpack.encode, msgspec.msgpack.decode
OWN = {"capabilities": ("bytes", "frames", "nonfinite"), "raw": encode}
"""What the author of the sound codec says in a test file."""


def array(count: int) -> bytes:
    return b"\xdc" + count.to_bytes(2, "big")


class Encoder(FramedEncoder):
    """A subclass may have other functions of the format."""

    dumps = encode
    array = array

    def __init__(self, limit: int) -> None:
        self.limit = limit
        cls = type(self)  # on which functions are no methods
        super().__init__("sound", cls.dumps, cls.array, limit)


class Decoder(FramedDecoder):
    loads = decode

    def __init__(self, limit: int) -> None:
        super().__init__(type(self).loads, limit)


def plugin(
    encoder: Callable[[int], Any] = Encoder,
    decoder: Callable[[int], Any] = Decoder,
) -> type:
    """A codec of these two."""

    class Sound:
        @hookimpl
        def encode(self, max_message_bytes: int) -> Any:
            return encoder(max_message_bytes)

        @hookimpl
        def decode(self, max_message_bytes: int) -> Any:
            return partial(decoder, max_message_bytes)

    return Sound


@pytest.fixture
def sound() -> SimpleNamespace:
    """`Encoder` and `Decoder` of a sound codec, the functions `array` and
    `encode` of its format, `plugin` to make a codec, and `own`, what its
    author declares."""
    return SimpleNamespace(
        Encoder=Encoder,
        Decoder=Decoder,
        array=array,
        encode=encode,
        plugin=plugin,
        own=OWN,
    )


@pytest.fixture
def bites(caught: Callable[..., str]) -> Callable[..., str]:
    """The words with which the check `by` turns a codec down that is sound
    but for its `encoder` or its `decoder`."""

    def run(
        by: str, encoder: Any = Encoder, decoder: Any = Decoder, **own: Any
    ) -> str:
        broken = plugin(encoder, decoder)
        return caught(CodecSuite, broken, by=by, **(OWN | own))

    return run
