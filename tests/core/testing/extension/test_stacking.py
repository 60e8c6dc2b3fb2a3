"""What the checks of stacks catch."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from sound_extensions import BYTES, Zipped, ZippedDecoder, ZippedEncoder

from plugwire import hookimpl
from plugwire.testing import ExtensionSuite
from plugwire.testing.frames import Frames, FramesEncoder


class Alone(Zipped):
    """Once only."""

    def around(self, encoder):
        assert not isinstance(encoder, ZippedEncoder)
        return super().around(encoder)


class Codec(Zipped):
    """Wants a codec inside, and no other extension."""

    def around(self, encoder):
        assert isinstance(encoder, FramesEncoder)
        return super().around(encoder)


class Bare(Zipped):
    """Hands over an encoder that has no format of its own."""

    def around(self, encoder):
        made = super().around(encoder)
        del made.format
        return made


class Peeking(Zipped):
    """Takes what is in another extension apart."""

    @hookimpl
    def wrap(self, layers, context):
        inner = getattr(layers.encoder, "_inner", None)
        if inner is not None:
            layers = replace(layers, queue=None)
        return super().wrap(layers, context)


class Guessing(Zipped):
    """Reads what it can, and hands over an empty message for the rest."""

    class Decoder(ZippedDecoder):
        def feed(self, data):
            try:
                return super().feed(data)
            except Exception:
                return ["guessed"]

    def behind(self, decoder, most):
        return self.Decoder(decoder, most)


@pytest.mark.parametrize(
    ("by", "plugin"),
    [
        ("test_it_wraps_what_it_has_wrapped", Alone),
        ("test_another_may_be_inside", Codec),
        ("test_another_may_be_outside", Bare),
        ("test_the_queue_and_the_checks_survive_a_stack", Peeking),
        ("test_the_order_counts_where_bytes_change", Guessing),
        ("test_a_server_is_composed_with_others", Codec),
    ],
)
def test_a_broken_one_is_caught(caught, by, plugin) -> None:
    assert caught(ExtensionSuite, plugin, by=by, capabilities=BYTES)


@hookimpl
def zipped(self, max_message_bytes):
    return ZippedEncoder(FramesEncoder(max_message_bytes))


def test_one_that_stays_in_the_codec_is_caught(caught, monkeypatch) -> None:
    class Everywhere(Zipped):
        """Gives every server of the process its encoder."""

        @hookimpl
        def wrap(self, layers, context):
            monkeypatch.setattr(Frames, "encode", zipped)
            return super().wrap(layers, context)

    by = "test_without_it_nothing_is_wrapped"
    assert caught(ExtensionSuite, Everywhere, by=by, capabilities=BYTES)
