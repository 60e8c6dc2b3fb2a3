"""How the kit sees what is held."""

from __future__ import annotations

import mmap
import sys
import tracemalloc

import pytest

from plugwire.testing.codec.holding import STATM, held, resident

MIB = 1 << 20


def test_what_is_held_is_counted() -> None:
    with held() as found:
        bytes(MIB)
    assert MIB <= found.peak < 2 * MIB
    assert not tracemalloc.is_tracing()


def test_tracing_that_was_on_stays_on() -> None:
    tracemalloc.start()
    try:
        kept = bytes(MIB)
        with held() as found:
            bytes(10)
        assert found.peak < len(kept)
        assert tracemalloc.is_tracing()
    finally:
        tracemalloc.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_what_python_does_not_know_is_counted() -> None:
    assert STATM.exists()
    before = resident()
    with mmap.mmap(-1, 32 * MIB) as pages:
        pages.write(b"x" * len(pages))
        assert resident() - before > 24 * MIB
