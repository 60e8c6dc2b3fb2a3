"""What a codec frames, packed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

from plugwire.encoders import stamped
from plugwire.framing import frame
from plugwire.interfaces import Encoder
from plugwire_compress.backend import zstd
from plugwire_compress.layer import MAX_RATIO, PACKED, RAW

Compressor: TypeAlias = Callable[[bytes], bytes]


def compressor(level: int, *, keep: bool) -> Compressor:
    """What packs bytes into one zstd frame.

    `keep` its context of some hundred KiB, which saves 10 µs a frame: a
    server has few of them, and may have a thousand clients in one process.
    """
    if not keep:
        return partial(zstd.compress, level=level)
    kept = zstd.ZstdCompressor(level=level)
    return partial(kept.compress, mode=kept.FLUSH_FRAME)


class PackingEncoder:
    """Encodes as `encoder` does, and packs its frames.

    Bodies are not packed: doors and queues share them, and what many small
    messages have in common is the most of what is saved. A frame is made
    once for all clients that get the same.
    """

    lines = False

    __slots__ = ("_compress", "_frame", "_limit", "_threshold", "encode",
                 "encode_stamped", "format")  # fmt: skip

    def __init__(
        self,
        encoder: Encoder,
        compress: Compressor,
        threshold: int,
        limit: int,
    ) -> None:
        self.format = encoder.format
        self.encode = encoder.encode
        self.encode_stamped = stamped(encoder)
        self._frame = encoder.frame
        self._compress = compress
        self._threshold = threshold
        self._limit = limit

    def frame(self, bodies: Sequence[bytes]) -> bytes:
        """The encoder's frame of `bodies`, packed where that makes it
        smaller; in pieces where it is over the limit, which a codec that
        frames each body by itself may reach."""
        whole = self._frame(bodies)
        limit = self._limit
        if len(whole) <= limit:
            return self._packed(whole)
        return b"".join(
            self._packed(whole[at : at + limit])
            for at in range(0, len(whole), limit)
        )

    def _packed(self, raw: bytes) -> bytes:
        size = len(raw)
        if size >= self._threshold:
            packed = self._compress(raw)
            least = -(-size // MAX_RATIO)
            if len(packed) < least:
                packed = packed.ljust(least, b"\0")
            if len(packed) < size:
                return frame(_PACKED, packed)
        return frame(_RAW, raw)


_RAW = bytes((RAW,))
_PACKED = bytes((PACKED,))
