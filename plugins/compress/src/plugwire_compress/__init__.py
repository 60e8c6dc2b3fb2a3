"""Compressed frames for plugwire: an extension that wraps a codec."""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from plugwire import ConfigurationError, Problem, hookimpl
from plugwire.interfaces import Context, Layers
from plugwire_compress.decoder import UnpackingDecoder
from plugwire_compress.encoder import PackingEncoder, compressor
from plugwire_compress.layer import unpacked_limit
from plugwire_compress.settings import CompressSettings

__all__ = ["Compress", "CompressSettings", "PackingEncoder",
           "UnpackingDecoder"]  # fmt: skip


class Compress:
    """The plugin `compress`, with the settings `[plugwire.compress]`."""

    Settings = CompressSettings
    changes_bytes = True

    def __init__(self, settings: CompressSettings | None = None) -> None:
        self.settings = settings or CompressSettings()

    @hookimpl
    def wrap(self, layers: Layers, context: Context) -> Layers:
        """The layers with an encoder that packs what the other one frames,
        and decoders that unpack it.

        Raises `ConfigurationError` over a codec of lines.
        """
        if layers.encoder.lines:
            raise ConfigurationError((_lines(layers.encoder.format, context),))
        limit = unpacked_limit(context.max_message_bytes)
        encoder = PackingEncoder(
            layers.encoder,
            compressor(self.settings.level, keep=context.side == "server"),
            self.settings.threshold,
            limit,
        )
        decoder = partial(UnpackingDecoder, layers.decoder, limit)
        return replace(layers, encoder=encoder, decoder=decoder)


def _lines(format: str, context: Context) -> Problem:
    return Problem(
        "plugwire.extensions",
        f"the {context.side}'s door {context.door!r}",
        "a codec of frames under the extension compress",
        f"{format}, which is lines of text",
        'choose another codec for this door, such as "msgpack", or take '
        "compress out",
    )
