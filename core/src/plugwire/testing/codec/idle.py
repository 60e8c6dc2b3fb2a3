"""What a decoder holds that says nothing: a server has thousands of them."""

from __future__ import annotations

import gc

import pytest

from plugwire.interfaces import Decoder
from plugwire.testing.codec.bench import Bench, Benched
from plugwire.testing.codec.holding import STATM, held, resident
from plugwire.testing.codec.model import message, rich

IDLE = 1000
"""Decoders that a check counts: a server of a thousand clients."""
IDLE_BYTES = 4096
"""Bytes that an idle decoder may hold, on average: its own attributes and
a few objects take under one thousand; a parser with a buffer of its own has
some fifty."""
IDLE_PAGES = 16 * 1024
"""Bytes of this process's memory that it may add: what libraries in C hold
is seen there alone, and with it whatever else happens in the process."""
LARGE_MESSAGE = 500_000


class Idle(Benched):
    """Little, and nothing of what has passed."""

    def test_an_idle_decoder_is_small(self, bench: Bench) -> None:
        """Each connection has one, and most say nothing for hours."""
        data = bench.wire(rich())
        bench.read(data)  # what is made once is no decoder's own
        decoders: list[Decoder] = []
        with held() as found:
            for _ in range(IDLE):
                decoder = bench.decoder()
                decoder.feed(data)
                decoders.append(decoder)
            gc.collect()
        each = found.peak // IDLE
        assert len(decoders) == IDLE
        assert each <= IDLE_BYTES, (
            f"an idle decoder holds {each} bytes; {IDLE_BYTES} are expected "
            "at most"
        )

    def test_an_idle_decoder_is_small_to_the_kernel(
        self, bench: Bench
    ) -> None:
        """The window of a compressor, the buffer of a parser in C: Python
        does not know of them."""
        if not STATM.exists():
            pytest.skip("there is no /proc/self/statm here")
        data = bench.wire(rich())
        bench.read(data)
        gc.collect()
        before = resident()
        decoders = [bench.decoder() for _ in range(IDLE)]
        for decoder in decoders:
            decoder.feed(data)
        each = (resident() - before) // len(decoders)
        assert each <= IDLE_PAGES, (
            f"an idle decoder adds {each} bytes to the process; "
            f"{IDLE_PAGES} are expected at most"
        )

    def test_a_large_message_is_let_go(self, bench: Bench) -> None:
        """Once it is handed out, its decoder is as small as before."""
        data = bench.wire(message({"text": "x" * LARGE_MESSAGE}))
        decoders = [bench.decoder() for _ in range(16)]
        half = len(data) // 2
        with held() as found:
            for decoder in decoders:
                assert decoder.feed(data[:half]) == []
                assert len(decoder.feed(data[half:])) == 1
        # One at a time: the bytes of its two reads, joined, cut and decoded.
        allowed = 10 * LARGE_MESSAGE
        assert found.peak < allowed, (
            f"{len(decoders)} decoders of one such message each held "
            f"{found.peak} bytes; {allowed} are expected at most"
        )
