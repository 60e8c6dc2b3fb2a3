"""The kit's codec of frames: an extension may refuse one of lines."""

from __future__ import annotations

from collections.abc import Sequence

from plugwire.errors import MessageError
from plugwire.framing import (
    MAX_FRAME_MESSAGES,
    FrameSplitter,
    frame,
    frame_limit,
)
from plugwire.hookspecs import hookimpl
from plugwire.interfaces import DecoderFactory
from plugwire.message import Message
from plugwire.testing.companions import LinesDecoder, LinesEncoder


class Frames:
    """A codec: lines of JSON, in frames."""

    @hookimpl
    def encode(self, max_message_bytes: int) -> FramesEncoder:
        """An encoder of frames."""
        return FramesEncoder(max_message_bytes)

    @hookimpl
    def decode(self, max_message_bytes: int) -> DecoderFactory:
        """What makes their decoders."""
        return lambda: FramesDecoder(max_message_bytes)


class FramesEncoder(LinesEncoder):
    """No text for a plain door."""

    format = "kit-frames"
    lines = False

    def frame(self, bodies: Sequence[bytes]) -> bytes:
        """`bodies`, a line each, behind their length."""
        return frame(super().frame(bodies))


class FramesDecoder:
    """`taken` counts the bytes that it was fed."""

    def __init__(self, limit: int) -> None:
        # A line's end for each message comes on top.
        most = frame_limit(limit) + MAX_FRAME_MESSAGES
        self._splitter = FrameSplitter(most)
        self._lines = LinesDecoder(limit)
        self.taken = 0

    def feed(self, data: bytes) -> list[Message]:
        """The messages of the frames that are whole."""
        self.taken += len(data)
        found: list[Message] = []
        for payload in self._splitter.feed(data):
            if not payload:
                raise MessageError("an empty frame")
            found += self._lines.feed(bytes(payload))
        return found
