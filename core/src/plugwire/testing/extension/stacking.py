"""Beside other extensions: twice, and with another one in both orders."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from plugwire.errors import MessageError
from plugwire.framing import FrameSplitter, frame
from plugwire.hookspecs import hookimpl
from plugwire.interfaces import Decoder, Encoder, Layers
from plugwire.message import Message
from plugwire.testing.asking import ask
from plugwire.testing.extension.base import (
    ExtensionBase,
    Wrap,
    drained,
    message,
    same,
    samples,
    sent,
)
from plugwire.testing.pipes import Pipes

MASK = 0x5A
TABLE = bytes(byte ^ MASK for byte in range(256))
MOST = 4 << 20
"""Bytes of a masked frame at most: four of the largest messages."""


class Masked:
    """The kit's own extension that changes bytes: each is another one."""

    changes_bytes = True

    @hookimpl
    def wrap(self, layers: Layers) -> Layers:
        """An encoder that masks, and decoders that lift the mask."""
        inner = layers.decoder
        return replace(
            layers,
            encoder=MaskedEncoder(layers.encoder),
            decoder=lambda: MaskedDecoder(inner()),
        )


class MaskedEncoder:
    """Masks each frame."""

    lines = False

    def __init__(self, inner: Encoder) -> None:
        self._inner = inner
        self.format = inner.format
        self.encode = inner.encode

    def frame(self, bodies: Any) -> bytes:
        """The inner frame, masked, in one of its own."""
        return frame(self._inner.frame(bodies).translate(TABLE))


class MaskedDecoder:
    """Lifts the mask."""

    def __init__(self, inner: Decoder) -> None:
        self._inner = inner
        self._splitter = FrameSplitter(MOST)

    def feed(self, data: bytes) -> list[Message]:
        """The inner decoder's messages."""
        found: list[Message] = []
        for payload in self._splitter.feed(data):
            found += self._inner.feed(bytes(payload).translate(TABLE))
        return found


class Stacking(ExtensionBase):
    """It is not alone."""

    def test_it_wraps_what_it_has_wrapped(self, wrap: Wrap) -> None:
        """Nothing forbids to name it twice."""
        layers = wrap(wrap(self.given()))
        same(
            drained(layers.decoder(), sent(layers.encoder, samples()), 4096),
            samples(),
        )

    def test_another_may_be_inside(self, wrap: Wrap) -> None:
        """What it wraps may be no codec but another extension: it must go
        by the contract, and by no codec's ways."""
        layers = wrap(wrap(self.given(), by=Masked()))
        same(
            drained(layers.decoder(), sent(layers.encoder, samples()), 4096),
            samples(),
        )

    def test_another_may_be_outside(self, wrap: Wrap) -> None:
        """What it hands over must be all that the next one needs."""
        layers = wrap(wrap(self.given()), by=Masked())
        same(
            drained(layers.decoder(), sent(layers.encoder, samples()), 4096),
            samples(),
        )

    def test_the_queue_and_the_checks_survive_a_stack(
        self, wrap: Wrap
    ) -> None:
        """What one kept, the next one must not lose."""
        layers = wrap(wrap(self.given(), by=Masked()))
        assert layers.queue is not None, "the queue is lost"
        assert layers.checks, "the checks are lost"

    def test_the_order_counts_where_bytes_change(self, wrap: Wrap) -> None:
        """Two that change bytes are told apart by their order: a peer with
        the other order must be refused by the decoder too, or read right,
        and never read wrong."""
        self.need("changes_bytes")
        one = wrap(wrap(self.given()), by=Masked())
        other = wrap(wrap(self.given(), by=Masked()))
        few = [message({"n": n, "text": "abc " * 40}) for n in range(3)]
        try:
            found = other.decoder().feed(sent(one.encoder, few))
        except MessageError:
            return
        assert found in ([], few), f"bytes of the other order became {found}"

    @pytest.mark.parametrize("outside", [False, True])
    def test_a_server_is_composed_with_others(
        self, instance: Any, pipes: Pipes, outside: bool
    ) -> None:
        """As a configuration would name them."""
        stack = (instance, Masked()) if outside else (Masked(), instance)
        pipeline = pipes.pipeline(extensions=stack)
        names = pipeline.doors[0].extensions
        expected = 1 + ("changes_bytes" in self.capabilities)
        assert len(names) == expected, (
            f"{expected} extensions change the bytes; the handshake would "
            f"name {names}"
        )

    def test_without_it_nothing_is_wrapped(
        self, instance: Any, pipes: Pipes
    ) -> None:
        """Switched off it costs nothing: the layers are the codec's and the
        queue's own objects, though others in the process have it."""
        codec = pipes.settings()["codec"]
        context = pipes.context("server")
        plain = type(ask(codec, "encode", context))
        pipes.pipeline(extensions=(instance,))
        pipeline = pipes.pipeline()
        found = pipeline.doors[0].encoder
        assert type(found) is plain, (
            f"without the extension the encoder is a {type(found).__name__}, "
            f"not the codec's {plain.__name__}"
        )
        assert pipeline.doors[0].extensions == ()
