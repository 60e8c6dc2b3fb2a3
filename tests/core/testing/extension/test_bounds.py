"""What the checks of harmful peers catch."""

from __future__ import annotations

import zlib

import pytest
from sound_extensions import BYTES, Zipped, ZippedDecoder, ZippedEncoder

from plugwire import MessageError
from plugwire.framing import MAX_PAYLOAD, FrameSplitter
from plugwire.testing import ExtensionSuite


class Made(Zipped):
    Encoder = ZippedEncoder
    Decoder = ZippedDecoder

    def around(self, encoder):
        return self.Encoder(encoder)

    def behind(self, decoder, most):
        return self.Decoder(decoder, most)


class Open(Made):
    """Lets zlib's own errors out."""

    class Decoder(ZippedDecoder):
        def unzip(self, payload):
            return zlib.decompress(payload)


class Lax(Made):
    """Passes over what it cannot read, and hands over what is left."""

    class Decoder(ZippedDecoder):
        def unzip(self, payload):
            unzip = zlib.decompressobj()
            try:
                text = unzip.decompress(payload, self.most + 1)
            except zlib.error:
                raise ValueError("not by zlib") from None
            return text


class Hasty(Made):
    """Half a frame is an error."""

    class Decoder(ZippedDecoder):
        def feed(self, data):
            found = super().feed(data)
            if data and not found:
                raise MessageError("half a frame")
            return found


class Endless(Made):
    """Any frame will do, of any length."""

    class Decoder(ZippedDecoder):
        def __init__(self, inner, most):
            super().__init__(inner, most)
            self.held = b""

        def feed(self, data):
            self.held += data
            size = int.from_bytes(self.held[:4], "big") + 4
            if len(self.held) < max(5, size):
                return []
            text = self.unzip(self.held[4:size])
            self.held = self.held[size:]
            return self.inner.feed(text)


class Narrow(Made):
    """Has no room for what grows a little."""

    class Encoder(ZippedEncoder):
        def frame(self, bodies):
            text = super().frame(bodies)
            if len(text) > 700_000:
                raise MessageError("it does not shrink enough")
            return text


class Boundless(Made):
    """Carries more than the codec may."""

    class Encoder(ZippedEncoder):
        def encode(self, message):
            try:
                return super().encode(message)
            except MessageError:
                return b'{"cut":' + b"x" * 10 + b"}"


class Bombed(Made):
    """Unpacks first, and measures then."""

    class Decoder(ZippedDecoder):
        def __init__(self, inner, most):
            super().__init__(inner, most)
            self.splitter = FrameSplitter(MAX_PAYLOAD)

        def unzip(self, payload):
            try:
                return zlib.decompress(payload)
            except zlib.error as error:
                raise MessageError(f"no zip: {error}") from None


class Mute(Made):
    """Tells of nothing that it, or who is within, unpacked."""

    class Decoder:
        def __init__(self, inner, most):
            self.feed = ZippedDecoder(inner, most).feed


class OfItsOwn(Made):
    """Counts what it unpacked, and not what they did who are within."""

    class Decoder(ZippedDecoder):
        def weighed(self, text):
            return len(text)


class OfTheLast(Made):
    """Says what the decoder within said of its last frame."""

    class Decoder(ZippedDecoder):
        def feed(self, data):
            found = super().feed(data)
            self.unpacked = getattr(self.inner, "unpacked", self.unpacked)
            return found


@pytest.mark.parametrize(
    ("by", "plugin", "word"),
    [
        ("test_rubbish_is_a_message_error", Open, "header check"),
        ("test_changed_bytes_are_a_message_error", Lax, "ValueError"),
        ("test_a_cut_frame_is_waited_for", Hasty, "half a frame"),
        ("test_a_frame_of_rubbish_is_bounded", Endless, "DID NOT RAISE"),
        ("test_the_largest_message_still_passes", Narrow, "shrink"),
        (
            "test_a_message_that_is_too_large_is_refused",
            Boundless,
            "DID NOT RAISE",
        ),
        ("test_a_bomb_is_refused", Bombed, "before they were refused"),
        (
            "test_what_the_inner_decoder_unpacked_is_handed_on",
            Mute,
            "the wrapped one has none",
        ),
        (
            "test_what_the_inner_decoder_unpacked_is_handed_on",
            OfItsOwn,
            "must be what the decoder within said",
        ),
        (
            "test_what_the_inner_decoder_unpacked_is_handed_on",
            OfTheLast,
            "must be what the decoder within said",
        ),
        ("test_what_it_unpacks_is_told", Mute, "for the decoder within, and"),
    ],
)
def test_a_broken_one_is_caught(caught, by, plugin, word) -> None:
    assert word in caught(ExtensionSuite, plugin, by=by, capabilities=BYTES)
