"""Packed frames to what the codec's decoder reads, trusting nothing."""

from __future__ import annotations

from typing import cast

from plugwire.errors import MessageError
from plugwire.framing import FrameSplitter
from plugwire.interfaces import DecoderFactory, Unpacker
from plugwire.message import Message
from plugwire_compress.backend import zstd
from plugwire_compress.layer import MAX_RATIO, PACKED, RAW

_LEAST_WINDOW = 10
"""log2 of the smallest window that zstd knows."""


class UnpackingDecoder:
    """Unpacks the frames of one connection for a decoder of its own.

    Holds nothing between frames: zstd's context lives as long as one is
    unpacked. `unpacked` is how many bytes the last feed came to: as the
    decoder within counts them, where that one unpacks too.
    """

    __slots__ = ("_feed", "_inner", "_limit", "_splitter", "unpacked")

    def __init__(self, decoder: DecoderFactory, limit: int) -> None:
        inner = decoder()
        self._feed = inner.feed
        self._inner: Unpacker | None = None
        if hasattr(inner, "unpacked"):
            self._inner = cast("Unpacker", inner)
        self._limit = limit
        self._splitter = FrameSplitter(limit + 1)
        self.unpacked = 0

    def feed(self, data: bytes | memoryview) -> list[Message]:
        """The messages of the frames that `data` completes, in order.

        Raises `MessageError` for what is no frame, for one that unpacks to
        more than it says or may, and what the codec's decoder raises; the
        decoder is of no use then.
        """
        self.unpacked = 0
        messages: list[Message] = []
        for payload in self._splitter.feed(data):
            raw = self._unpacked(payload)
            messages += self._feed(raw)
            inner = self._inner
            self.unpacked += len(raw) if inner is None else inner.unpacked
        return messages

    def room(self) -> memoryview | None:
        """Where what comes next is best read, see `RoomyDecoder`: of one
        frame and no more, since each may become many times as much."""
        room = self._splitter.room()
        return None if room is None else room[: self._splitter.missing]

    def _unpacked(self, payload: bytes | memoryview) -> bytes:
        if len(payload) < 2:
            raise MessageError(
                f"a frame of {len(payload)} bytes; the first says how the "
                "rest is packed, and there must be a rest"
            )
        if payload[0] == RAW:
            return bytes(payload[1:])
        if payload[0] == PACKED:
            return self._unpack(payload[1:])
        raise MessageError(
            f"a frame packed in the way {payload[0]}; {RAW} (not at all) and "
            f"{PACKED} (zstd) are known"
        )

    def _unpack(self, packed: bytes | memoryview) -> bytes:
        """What one zstd frame holds; no more memory is taken for it than its
        own word and the limits allow."""
        limit = self._limit
        try:
            size = zstd.get_frame_info(packed).decompressed_size
            if size is None:
                raise MessageError("a packed frame that tells no size")
            if not 0 < size <= limit:
                raise MessageError(
                    f"a packed frame of {size} bytes; 1 to {limit} are allowed"
                )
            if size > MAX_RATIO * len(packed):
                raise MessageError(
                    f"a packed frame of {size} bytes in {len(packed)}, more "
                    f"than {MAX_RATIO} for one"
                )
            unpacker = zstd.ZstdDecompressor(options=self._options())
            # One more than there should be, to find it.
            raw = unpacker.decompress(packed, max_length=size + 1)
        except zstd.ZstdError as error:
            raise MessageError(f"no packed frame: {error}") from None
        if not unpacker.eof or len(raw) != size:
            raise MessageError(
                f"a packed frame that says {size} bytes and does not end "
                "with them"
            )
        if unpacker.unused_data.strip(b"\0"):
            raise MessageError("a packed frame, and more than zeros after it")
        return raw

    def _options(self) -> dict[int, int]:
        """The window is memory too: none need be larger than a frame."""
        bits = max(_LEAST_WINDOW, (self._limit - 1).bit_length())
        return {zstd.DecompressionParameter.window_log_max: bits}
