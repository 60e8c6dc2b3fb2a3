"""What is input and output, and whose."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from pathlib import Path

import pytest

from plugwire.testing.watching import watched


def connect():
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", 1))


ACTS = {
    "open": lambda: Path(__file__).read_bytes(),
    "os.listdir": lambda: os.listdir("."),  # noqa: PTH208 - the very call
    "socket.connect": connect,
}
if sys.version_info >= (3, 13):  # before that nobody is told of it
    ACTS["time.sleep"] = lambda: time.sleep(0)


@pytest.mark.parametrize("act", ACTS)
def test_what_is_done_is_seen(act) -> None:
    with watched() as seen:
        ACTS[act]()
    assert any(each.startswith(act) for each in seen), seen


def test_what_only_computes_is_not() -> None:
    with watched() as seen:
        sorted(range(1000), key=str)
    assert seen == []


def test_what_others_do_is_not() -> None:
    with watched() as seen:
        other = threading.Thread(target=ACTS["open"])
        other.start()
        other.join()
    assert seen == []


def test_what_is_done_afterwards_is_not() -> None:
    with watched() as seen:
        pass
    ACTS["open"]()
    assert seen == []
