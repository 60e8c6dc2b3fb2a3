"""A peer that means harm: rubbish, lengths that lie, and bombs."""

from __future__ import annotations

import random

import pytest
from msgspec.structs import replace

from plugwire.errors import MessageError
from plugwire.framing import MAX_FRAME_MESSAGES, frame, frame_limit
from plugwire.interfaces import Decoder, Layers
from plugwire.message import Message
from plugwire.testing.extension.base import (
    ExtensionBase,
    Wrap,
    message,
    noise,
    same,
    samples,
    sent,
)
from plugwire.testing.frames import FramesDecoder, FramesEncoder
from plugwire.testing.pipes import LIMIT

SMALL = 4096
"""Bytes of a message at most for whom a bomb is meant."""
LARGE = 8 << 20
"""Bytes of the bomb: far more than any frame may hold at `SMALL`."""
ROUNDS = 300
UNPACKED = 10_000_000
"""Bytes that a frame of a decoder within is said to be, unpacked."""


class Bounds(ExtensionBase):
    """Nothing is believed, and nothing grows."""

    def _turned_down(self, layers: Layers, data: bytes) -> str:
        """What happens to `data`, "" if all is well: messages, or one
        MessageError."""
        try:
            found = layers.decoder().feed(data)
        except MessageError:
            return ""
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        if isinstance(found, list) and all(
            isinstance(each, Message) for each in found
        ):
            return ""
        return f"it returned {found!r:.100}"

    def test_rubbish_is_a_message_error(self, wrap: Wrap) -> None:
        """Whatever a peer sends is a message or a `MessageError`; any other
        exception is logged as your plugin's fault."""
        layers = wrap(self.given())
        dice = random.Random(1)
        for _ in range(ROUNDS):
            rubbish = dice.randbytes(dice.randrange(1, 200))
            for data in (rubbish, frame(rubbish), frame(b"") + rubbish):
                wrong = self._turned_down(layers, data)
                assert not wrong, f"of {data!r} the decoder made {wrong}"

    def test_changed_bytes_are_a_message_error(self, wrap: Wrap) -> None:
        """One byte that is wrong in a frame that is right otherwise."""
        layers = wrap(self.given())
        whole = sent(layers.encoder, samples()[:3])
        dice = random.Random(2)
        for _ in range(ROUNDS):
            at = dice.randrange(len(whole))
            data = bytearray(whole)
            data[at] ^= 1 << dice.randrange(8)
            wrong = self._turned_down(layers, bytes(data))
            assert not wrong, (
                f"with byte {at} of a frame changed the decoder made {wrong}"
            )

    def test_a_cut_frame_is_waited_for(self, wrap: Wrap) -> None:
        """Half a frame is no message yet, and no error either, wherever it
        is cut."""
        layers = wrap(self.given())
        whole = sent(layers.encoder, samples()[1:2])
        for at in range(len(whole) - 1):
            decoder = layers.decoder()
            assert decoder.feed(whole[:at]) == [], (
                f"{at} of {len(whole)} bytes are no message yet"
            )
            same(decoder.feed(whole[at:]), samples()[1:2])

    def test_a_frame_of_rubbish_is_bounded(self, wrap: Wrap) -> None:
        """A peer that never ends its frame is let go: what is held of it
        is no more than a frame may have."""
        layers = wrap(self.given(limit=SMALL), max_message_bytes=SMALL)
        for byte in (b"\xff", b"\x00", b"{", b"(", b"a"):
            with pytest.raises(MessageError):
                _poured(layers.decoder(), byte * LARGE)

    def test_the_largest_message_still_passes(self, wrap: Wrap) -> None:
        """What the codec may carry it may carry with you, though it cannot
        be made any smaller."""
        layers = wrap(self.given())
        large = _filled()
        data = sent(layers.encoder, [large])
        same(layers.decoder().feed(data), [large])

    def test_a_message_that_is_too_large_is_refused(self, wrap: Wrap) -> None:
        """The limit is that of the message, not of what you make of it."""
        layers = wrap(self.given(limit=SMALL), max_message_bytes=SMALL)
        with pytest.raises(MessageError):
            sent(layers.encoder, [message({"text": "a" * (SMALL + 1)})])

    def test_a_bomb_is_refused(self, wrap: Wrap) -> None:
        """Few bytes on the wire must not become many: a peer with a larger
        limit, or with none, sends what shrinks well."""
        theirs = wrap(self.given(limit=2 * LARGE), max_message_bytes=2 * LARGE)
        bomb = sent(theirs.encoder, [message({"text": "a" * LARGE})])
        decoders: list[FramesDecoder] = []

        def decoder() -> FramesDecoder:
            decoders.append(FramesDecoder(SMALL))
            return decoders[-1]

        given = self.given(limit=SMALL)
        mine = wrap(
            Layers(
                encoder=FramesEncoder(SMALL),
                decoder=decoder,
                checks=given.checks,
                queue=given.queue,
            ),
            max_message_bytes=SMALL,
        )
        with pytest.raises(MessageError):
            _poured(mine.decoder(), bomb)
        most = 2 * (frame_limit(SMALL) + MAX_FRAME_MESSAGES)
        taken = sum(each.taken for each in decoders)
        assert taken <= most, (
            f"{len(bomb)} bytes became {taken} before they were refused; "
            f"unpack no more than a frame may hold, {frame_limit(SMALL)} "
            "bytes and the codec's own"
        )

    def test_what_the_inner_decoder_unpacked_is_handed_on(
        self, wrap: Wrap
    ) -> None:
        """A decoder within may unpack: its attribute `unpacked` is what a
        client's buffer is bounded by, and is seen from outside only. Hand it
        on, of all that it made in the feed."""
        layers = wrap(_of_unpackers(self.given()))
        few = samples()[:3]
        decoder = layers.decoder()
        same(decoder.feed(sent(layers.encoder, few)), few)
        told = getattr(decoder, "unpacked", None)
        assert told is not None, (
            "the decoder within has an attribute `unpacked`, and the wrapped "
            "one has none"
        )
        due = len(few) * UNPACKED
        assert told == due, (
            f"`unpacked` must be what the decoder within said, {due} in this "
            f"feed of {len(few)} frames; found {told}"
        )

    def test_what_it_unpacks_is_told(self, wrap: Wrap) -> None:
        """Where it feeds the decoder within more than came, a client's
        buffer must know: `unpacked` is the bytes of the last feed."""
        fed: list[FramesDecoder] = []

        def decoder() -> FramesDecoder:
            fed.append(FramesDecoder(LIMIT))
            return fed[-1]

        layers = wrap(replace(self.given(), decoder=decoder))
        data = sent(layers.encoder, samples())
        outer = layers.decoder()
        same(outer.feed(data), samples())
        taken = sum(each.taken for each in fed)
        told = getattr(outer, "unpacked", len(data))
        assert told >= taken, (
            f"{len(data)} bytes became {taken} for the decoder within, and "
            f"`unpacked` says {told}"
        )


class _UnpackingLines(FramesDecoder):
    """Says that each of its frames is `UNPACKED` bytes, unpacked."""

    unpacked = 0

    def feed(self, data: bytes) -> list[Message]:
        found = super().feed(data)
        self.unpacked = UNPACKED * len(found)
        return found


def _of_unpackers(layers: Layers) -> Layers:
    """`layers`, whose decoders unpack."""
    return replace(layers, decoder=lambda: _UnpackingLines(LIMIT))


def _poured(decoder: Decoder, data: bytes) -> None:
    """Feed `data` as a socket would, a read at a time."""
    for at in range(0, len(data), SMALL):
        decoder.feed(data[at : at + SMALL])


def _filled() -> Message:
    """The largest message that the kit's codec takes, of what does not
    shrink."""
    text = noise(LIMIT)
    room = LIMIT - len(FramesEncoder(LIMIT).encode(message({"text": ""})))
    return message({"text": text[:room]})
