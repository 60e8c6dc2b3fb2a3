"""What the checks of the wrapped codec catch."""

from __future__ import annotations

import zlib

import pytest
from sound_extensions import (
    ALL,
    BYTES,
    Counted,
    Zipped,
    ZippedDecoder,
    ZippedEncoder,
)

from plugwire.framing import frame
from plugwire.testing import ExtensionSuite


class Lying(Zipped):
    """Changes bytes and does not say so."""

    changes_bytes = False


class Boasting(Counted):
    """Says that it changes bytes, and does not."""

    changes_bytes = True


class Maybe(Zipped):
    changes_bytes = 1


class Encoding(Zipped):
    """Its encoder and its decoder are there to be replaced."""

    Encoder = ZippedEncoder
    Decoder = ZippedDecoder

    def around(self, encoder):
        return self.Encoder(encoder)

    def behind(self, decoder, most):
        return self.Decoder(decoder, most)


class Losing(Encoding):
    """The last of a frame is lost."""

    class Decoder(ZippedDecoder):
        def feed(self, data):
            return super().feed(data)[:-1]


class Whole(Encoding):
    """Believes that a read is a frame."""

    class Decoder(ZippedDecoder):
        def feed(self, data):
            return self.inner.feed(self.unzip(data[4:]))


class Single(Encoding):
    """Frames the first only."""

    class Encoder(ZippedEncoder):
        def frame(self, bodies):
            return super().frame(bodies[:1])


class Streaming(Encoding):
    """One stream for all frames, of which none stands alone."""

    class Encoder(ZippedEncoder):
        def __init__(self, inner):
            super().__init__(inner)
            self.zip = zlib.compressobj()

        def frame(self, bodies):
            text = self.inner.frame(bodies)
            part = self.zip.compress(text) + self.zip.flush(zlib.Z_SYNC_FLUSH)
            return frame(part)

    class Decoder(ZippedDecoder):
        def __init__(self, inner, most):
            super().__init__(inner, most)
            self.zip = zlib.decompressobj()

        def unzip(self, payload):
            return self.zip.decompress(payload)


class Once(Encoding):
    """A body is framed once, and forgotten."""

    class Encoder(ZippedEncoder):
        def encode(self, message):
            body = super().encode(message)
            self.bodies = [*getattr(self, "bodies", ()), body]
            return body

        def frame(self, bodies):
            for body in bodies:
                self.bodies.remove(body)
            return super().frame(bodies)


class Common(Encoding):
    """One decoder for all connections."""

    def behind(self, decoder, most):
        if not hasattr(self, "one"):
            self.one = self.Decoder(decoder, most)
        return self.one


class Renamed(Encoding):
    """Another format, so that no client finds the door."""

    class Encoder(ZippedEncoder):
        def __init__(self, inner):
            super().__init__(inner)
            self.format = f"zipped-{inner.format}"


class Swallowing(Encoding):
    """Sends something else where something cannot be sent."""

    class Encoder(ZippedEncoder):
        def encode(self, message):
            try:
                return super().encode(message)
            except Exception:
                return b"{}"


class Backwards(Encoding):
    """The last first, where several came together."""

    class Decoder(ZippedDecoder):
        def feed(self, data):
            return super().feed(data)[::-1]


class Lined(Counted):
    """Becomes a codec of lines, though it is none."""

    def wrap(self, layers):
        wrapped = super().wrap(layers)
        wrapped.encoder.lines = True
        return wrapped

    wrap.plugwire_impl = Counted.wrap.plugwire_impl


@pytest.mark.parametrize(
    ("by", "plugin"),
    [
        ("test_it_says_whether_it_changes_bytes", Lying),
        ("test_it_says_whether_it_changes_bytes", Maybe),
        ("test_messages_come_back", Losing),
        ("test_bytes_may_come_in_any_pieces", Whole),
        ("test_a_frame_holds_many_messages", Single),
        ("test_each_frame_stands_alone", Streaming),
        ("test_bodies_may_be_framed_again_and_in_any_order", Once),
        ("test_connections_do_not_meet", Common),
        ("test_the_format_stays_the_codecs", Renamed),
        ("test_what_cannot_be_sent_is_still_said", Swallowing),
        ("test_the_order_stays", Backwards),
    ],
)
def test_a_broken_one_is_caught(caught, by, plugin) -> None:
    assert caught(ExtensionSuite, plugin, by=by, capabilities=BYTES)


@pytest.mark.parametrize(
    ("by", "plugin", "claims"),
    [
        ("test_it_says_whether_it_changes_bytes", Boasting, ALL),
        (
            "test_it_says_whether_it_changes_bytes",
            Counted,
            (*ALL, "changes_bytes"),
        ),
        ("test_it_says_whether_it_changes_bytes", Zipped, BYTES[:2]),
        ("test_the_format_stays_the_codecs", Lined, ALL),
    ],
)
def test_a_false_word_is_caught(caught, by, plugin, claims) -> None:
    assert caught(ExtensionSuite, plugin, by=by, capabilities=claims)


def test_what_is_broken_above_is_sound_unbroken(verdicts) -> None:
    ended = verdicts(ExtensionSuite, Encoding, capabilities=BYTES)
    assert not [v for v in ended.values() if v.startswith("failed")]
