"""The MessagePack codec of plugwire."""

from __future__ import annotations

from functools import partial

from plugwire.hookspecs import hookimpl
from plugwire.interfaces import DecoderFactory
from plugwire_msgpack.decoder import MsgpackDecoder
from plugwire_msgpack.encoder import MsgpackEncoder

__all__ = ["Msgpack", "MsgpackDecoder", "MsgpackEncoder"]


class Msgpack:
    """The plugin `msgpack`; it has no settings of its own."""

    @hookimpl
    def encode(self, max_message_bytes: int) -> MsgpackEncoder:
        """An encoder of messages of at most `max_message_bytes` bytes."""
        return MsgpackEncoder(max_message_bytes)

    @hookimpl
    def decode(self, max_message_bytes: int) -> DecoderFactory:
        """What makes a decoder for each connection."""
        return partial(MsgpackDecoder, max_message_bytes)
