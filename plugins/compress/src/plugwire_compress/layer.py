"""What both ends of a compressed connection agree on.

On the wire each frame is one of plugwire's (`plugwire.framing`): its first
byte says how the rest is packed, and the rest, unpacked, is a piece of the
stream that the codec's encoder made. So any codec will do, however it
frames, but for one of lines.
"""

from __future__ import annotations

from plugwire.framing import HEADER_BYTES, MAX_PAYLOAD, frame_limit

RAW = 0
"""The first byte of what goes as it is."""
PACKED = 1
"""The first byte of one zstd frame, which says its size, and zeros after it
where there are any."""
MAX_RATIO = 64
"""Bytes that one received byte may become at most. The limit of a frame is
not enough: zstd makes a mebibyte of sixty bytes, and one read holds
thousands of such frames. A frame that packs better is filled up with
zeros."""


def unpacked_limit(max_message_bytes: int) -> int:
    """Bytes that a frame holds, unpacked, at most: the largest frame that a
    codec may make, or what fits beside the first byte."""
    return min(frame_limit(max_message_bytes) + HEADER_BYTES, MAX_PAYLOAD - 1)
