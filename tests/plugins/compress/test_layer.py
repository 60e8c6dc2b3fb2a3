"""How much a frame may hold."""

from __future__ import annotations

import pytest

from plugwire.framing import (
    HEADER_BYTES,
    MAX_MESSAGE_BYTES,
    MAX_PAYLOAD,
    MIN_MESSAGE_BYTES,
    frame_limit,
)
from plugwire_compress.layer import unpacked_limit


@pytest.mark.parametrize("size", [MIN_MESSAGE_BYTES, 1 << 20])
def test_a_frame_holds_the_largest_frame_of_a_codec(size: int) -> None:
    assert unpacked_limit(size) == frame_limit(size) + HEADER_BYTES


def test_with_its_first_byte_it_fits_24_bits() -> None:
    assert unpacked_limit(MAX_MESSAGE_BYTES) + 1 == MAX_PAYLOAD
