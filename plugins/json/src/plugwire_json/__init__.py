"""The JSON codec of plugwire, one object a line."""

from __future__ import annotations

from functools import partial

from plugwire.hookspecs import hookimpl
from plugwire.interfaces import DecoderFactory
from plugwire_json.decoder import JsonDecoder
from plugwire_json.encoder import JsonEncoder

__all__ = ["Json", "JsonDecoder", "JsonEncoder"]


class Json:
    """The plugin `json`; it has no settings of its own."""

    @hookimpl
    def encode(self, max_message_bytes: int) -> JsonEncoder:
        """An encoder of messages of at most `max_message_bytes` bytes."""
        return JsonEncoder(max_message_bytes)

    @hookimpl
    def decode(self, max_message_bytes: int) -> DecoderFactory:
        """What makes a decoder for each connection."""
        return partial(JsonDecoder, max_message_bytes)
