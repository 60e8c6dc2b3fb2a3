"""The two ends of a codec, as a server composes them, on a bench."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from plugwire.errors import MessageError
from plugwire.interfaces import DecoderFactory, Encoder
from plugwire.message import Message
from plugwire.testing.codec.model import alike, flaw, message
from plugwire.testing.pipes import LIMIT, Piped, Pipes

CAPABILITIES = {
    "lines": "a frame is lines of text, one a message, fit for plain doors",
    "frames": "what is sent is the frames of plugwire.framing",
    "bytes": "bytes arrive as bytes, not as text",
    "nonfinite": "NaN and the infinities arrive",
}


class Bench:
    """An encoder, what makes its decoders, and the limit of both."""

    def __init__(
        self, encoder: Encoder, decoder: DecoderFactory, limit: int
    ) -> None:
        self.encoder = encoder
        self.decoder = decoder
        self.limit = limit

    def wire(self, *messages: Message) -> bytes:
        """One frame of `messages`."""
        return self.encoder.frame([self.encoder.encode(m) for m in messages])

    def read(self, data: bytes) -> list[Message]:
        """What a fresh decoder makes of `data`; each message is looked at."""
        messages = self.decoder().feed(data)
        for got in messages:
            wrong = flaw(got)
            assert not wrong, f"the decoder let pass {wrong}"
        return messages

    def carry(self, sent: Message) -> Message:
        """What arrives of one message."""
        got = self.read(self.wire(sent))
        assert len(got) == 1, f"expected one message, found {len(got)}"
        return got[0]

    def carries(self, value: Any) -> None:
        """Assert that `value` arrives in `data` as it is."""
        got = self.carry(message({"value": value})).data
        assert alike(got, {"value": value}), (
            f"sent {value!r:.200}, received {got.get('value')!r:.200}"
        )

    def is_refused(self, data: bytes) -> str:
        """Assert that a fresh decoder refuses `data`, and say how."""
        try:
            got = self.read(data)
        except MessageError as error:
            return str(error)
        pytest.fail(f"{len(got)} messages, where a MessageError was due")

    def either_end_refuses(self, sent: Message) -> None:
        """Assert that `sent` never arrives: the encoder refuses it, or
        the decoder does."""
        try:
            data = self.wire(sent)
        except MessageError:
            return
        self.is_refused(data)

    def encoder_refuses(self, sent: Message) -> str:
        """Assert that the encoder refuses `sent`, and say how."""
        with pytest.raises(MessageError) as caught:
            self.encoder.encode(sent)
        return str(caught.value)

    def survives(self, data: bytes) -> None:
        """Assert that a decoder takes `data` for messages or refuses it, and
        does nothing else."""
        try:
            self.read(data)
        except MessageError:
            return


class Benched(Piped):
    """A suite of codecs: `bench` is the codec's, `benches` makes others."""

    KIND = "codec"
    CAPABILITIES = CAPABILITIES

    raw: ClassVar[Any] = None
    """A function that writes any value as the format does, unchecked, or
    None (`cbor2.dumps`): with it the kit says what only a hostile peer
    would."""

    @pytest.fixture
    def benches(self, instance: Any, pipes: Pipes) -> Callable[..., Bench]:
        """Makes a bench for a limit, of the codec that `instance` is."""

        def make(limit: int = LIMIT) -> Bench:
            pipeline = pipes.pipeline(codec=instance, max_message_bytes=limit)
            door = pipeline.doors[0]
            return Bench(door.encoder, door.decoder, limit)

        return make

    @pytest.fixture
    def bench(self, benches: Callable[..., Bench]) -> Bench:
        """The codec's two ends, with the usual limit."""
        return benches()

    def unchecked(self, value: Any) -> bytes:
        """The body that `value` is in the codec's format, whatever it is;
        the check is skipped where that cannot be said."""
        raw = type(self).raw
        if raw is None:
            pytest.skip("`raw` is not given, which writes any value unchecked")
        try:
            body: bytes = raw(value)
        except Exception as error:
            pytest.skip(f"cannot be said in this format: {error!r:.200}")
        return body
