"""The buffer that connections read into."""

from __future__ import annotations

import threading

from plugwire.aio.scratch import READ_BYTES, read_buffer


def test_a_thread_has_one_buffer_and_another_thread_its_own() -> None:
    mine = read_buffer()
    assert len(mine) == READ_BYTES
    assert read_buffer() is mine
    others: list[memoryview] = []
    thread = threading.Thread(target=lambda: others.append(read_buffer()))
    thread.start()
    thread.join()
    assert others[0] is not mine
