"""Codecs whose idle decoders are large."""

from __future__ import annotations

import mmap
import sys

import pytest


def test_a_buffer_for_each_connection(sound, bites) -> None:
    class Large(sound.Decoder):
        def __init__(self, limit):
            super().__init__(limit)
            self.buffer = bytearray(48 * 1024)

    said = bites("test_an_idle_decoder_is_small", decoder=Large)
    assert "an idle decoder holds 49" in said


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_a_buffer_that_python_does_not_know(sound, bites) -> None:
    class Outside(sound.Decoder):
        def __init__(self, limit):
            super().__init__(limit)
            self.buffer = mmap.mmap(-1, 48 * 1024)
            self.buffer.write(b"x" * len(self.buffer))

    name = "test_an_idle_decoder_is_small_to_the_kernel"
    assert "bytes to the process" in bites(name, decoder=Outside)


def test_the_last_payload_is_kept(sound, bites) -> None:
    class Keeping(sound.Decoder):
        def feed(self, data):
            self.last = super().feed(data)
            return self.last

    bites("test_a_large_message_is_let_go", decoder=Keeping)
