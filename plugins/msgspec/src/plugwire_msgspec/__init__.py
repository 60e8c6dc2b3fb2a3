"""The MessagePack codec of plugwire, made quick by msgspec."""

from __future__ import annotations

from functools import partial

from plugwire.hookspecs import hookimpl
from plugwire.interfaces import DecoderFactory
from plugwire_msgspec.decoder import MsgspecDecoder
from plugwire_msgspec.encoder import MsgspecEncoder

__all__ = ["Msgspec", "MsgspecDecoder", "MsgspecEncoder"]


class Msgspec:
    """The plugin `msgspec`; it has no settings of its own."""

    format = MsgspecEncoder.format

    @hookimpl
    def encode(self, max_message_bytes: int) -> MsgspecEncoder:
        """An encoder of messages of at most `max_message_bytes` bytes."""
        return MsgspecEncoder(max_message_bytes)

    @hookimpl
    def decode(self, max_message_bytes: int) -> DecoderFactory:
        """What makes a decoder for each connection."""
        return partial(MsgspecDecoder, max_message_bytes)
