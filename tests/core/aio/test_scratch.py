"""The buffer that connections read into."""

from __future__ import annotations

import threading

from plugwire.aio.scratch import READ_BYTES, little_buffer, read_buffer
from plugwire.rooms import PACKED_BYTES


def test_a_thread_has_one_buffer_and_another_thread_its_own() -> None:
    mine = read_buffer()
    assert len(mine) == READ_BYTES
    assert read_buffer() is mine
    others: list[memoryview] = []
    thread = threading.Thread(target=lambda: others.append(read_buffer()))
    thread.start()
    thread.join()
    assert others[0] is not mine


def test_the_little_one_is_the_beginning_of_the_other() -> None:
    little = little_buffer()
    assert len(little) == PACKED_BYTES < READ_BYTES
    assert little_buffer() is little
    little[:1] = b"x"
    assert read_buffer()[:1] == b"x"
