"""A socket with a time-out for each direction."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Iterator

import pytest
from peers import Call

from plugwire.rooms import PACKED_BYTES
from plugwire.sync.channel import (
    FEW_BYTES,
    LONGEST,
    READ_BYTES,
    Channel,
    words,
)

Pair = tuple[Channel, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    own, peer = socket.socketpair()
    channel = Channel(own)
    yield channel, peer
    channel.close()
    peer.close()


def fill(channel: Channel) -> int:
    """Write until the kernel takes no more; how many bytes."""
    written: list[int] = []
    while channel.write(memoryview(b"x" * 65536), 0.0, written):
        pass
    return sum(written)


@pytest.mark.parametrize("seconds", [None, 0.0, 20.0, LONGEST * 10])
def test_it_reads_what_has_come(pair: Pair, seconds: float | None) -> None:
    channel, peer = pair
    peer.send(b"abc")
    chunks: deque[bytes] = deque([b"before"])
    assert channel.read(chunks, seconds)
    assert list(chunks) == [b"before", b"abc"]


def test_it_reads_little_at_once_until_it_is_told(pair: Pair) -> None:
    channel, peer = pair
    size = 600_000
    for sock in (peer, channel._sock):
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            sock.setsockopt(socket.SOL_SOCKET, option, size)
    peer.setblocking(False)
    sent = peer.send(bytes(size))
    chunks: deque[bytes] = deque()
    for _ in range(3):
        assert channel.read(chunks, 0.0)
    assert [len(chunk) for chunk in chunks] == [PACKED_BYTES] * 3
    chunks.clear()
    channel.read_much()
    for _ in range(2):
        assert channel.read(chunks, 0.0)
    left = sent - 3 * PACKED_BYTES - FEW_BYTES
    assert left > 0
    assert [len(c) for c in chunks] == [FEW_BYTES, min(READ_BYTES, left)]


@pytest.mark.parametrize("seconds", [-1.0, 0.0, 1e-9, 0.01])
def test_it_reads_nothing_where_nothing_comes(
    pair: Pair, seconds: float
) -> None:
    chunks: deque[bytes] = deque()
    assert not pair[0].read(chunks, seconds)
    assert not chunks


@pytest.mark.parametrize("seconds", [None, 20.0])
def test_it_waits_for_bytes_and_for_the_end(
    pair: Pair, seconds: float | None
) -> None:
    channel, peer = pair
    chunks: deque[bytes] = deque()
    for data in (b"abc", b""):
        reading = Call(channel.read, chunks, seconds)
        if data:
            peer.send(data)
        else:
            peer.shutdown(socket.SHUT_WR)
        assert reading.result()
        assert chunks.pop() == data


@pytest.mark.parametrize("seconds", [None, 0.0, 20.0])
def test_it_writes_where_there_is_room(
    pair: Pair, seconds: float | None
) -> None:
    channel, peer = pair
    written = [0]
    assert channel.write(memoryview(b"abc"), seconds, written)
    assert written == [0, 3]
    assert peer.recv(10) == b"abc"


@pytest.mark.parametrize("seconds", [-1.0, 0.0, 0.01])
def test_it_writes_nothing_where_there_is_no_room(
    pair: Pair, seconds: float
) -> None:
    channel, _ = pair
    assert fill(channel) > 0
    written: list[int] = []
    assert not channel.write(memoryview(b"abc"), seconds, written)
    assert written == []


@pytest.mark.parametrize("seconds", [None, 20.0])
def test_it_waits_for_room(pair: Pair, seconds: float | None) -> None:
    channel, peer = pair
    total = fill(channel)
    written: list[int] = []
    writing = Call(channel.write, memoryview(b"abc"), seconds, written)
    while total:
        total -= len(peer.recv(total))
    assert writing.result()
    assert written == [3]
    assert peer.recv(10) == b"abc"


def test_the_two_directions_do_not_share_a_time_out(pair: Pair) -> None:
    channel, peer = pair
    chunks: deque[bytes] = deque()
    reading = Call(channel.read, chunks, None)
    for _ in range(20):
        assert channel.write(memoryview(b"abc"), 0.001, [])
    assert not reading.is_over
    peer.send(b"x")
    assert reading.result()


@pytest.mark.parametrize("seconds", [None, 20.0])
def test_shutting_it_wakes_who_reads_and_who_writes(
    pair: Pair, seconds: float | None
) -> None:
    channel, _ = pair
    fill(channel)
    chunks: deque[bytes] = deque()
    reading = Call(channel.read, chunks, seconds)
    writing = Call(channel.write, memoryview(b"abc"), seconds, [])
    channel.shut()
    channel.shut()  # no harm
    assert reading.result()
    assert chunks == deque([b""])
    assert isinstance(writing.error(), BrokenPipeError)


def test_a_socket_that_is_gone_is_an_os_error(pair: Pair) -> None:
    channel, peer = pair
    channel.close()
    channel.shut()  # no harm
    with pytest.raises(OSError, match="descriptor"):
        channel.read(deque(), None)
    peer.close()


def test_words_are_the_systems() -> None:
    assert words(ConnectionResetError(104, "anything")) == os.strerror(104)
    assert words(OSError("in words")) == "in words"


TICKS = """
import faulthandler, signal, socket, sys
from collections import deque
from plugwire.sync.channel import Channel

faulthandler.dump_traceback_later(20, exit=True)
ticks = []
signal.signal(signal.SIGALRM, lambda *_: ticks.append(1))
own, peer = socket.socketpair()
channel = Channel(own)
while channel.write(memoryview(b"x" * 65536), 0.0, []):
    pass
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
for wait in (
    lambda: channel.read(deque(), 0.2),
    lambda: channel.write(memoryview(b"x"), 0.2, []),
):
    del ticks[:]
    while len(ticks) < 2:  # where the clock hardly ticked, again
        assert not wait()
signal.setitimer(signal.ITIMER_REAL, 0)
print("over")
"""


def test_a_clock_that_ticks_does_not_put_a_time_out_off() -> None:
    """The kernel's own time-outs begin anew with each signal."""
    found = subprocess.run(
        [sys.executable, "-c", TICKS],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert found.stdout == "over\n"


CTRL_C = """
import os, signal, socket, sys, threading
from collections import deque
from plugwire.sync.channel import Channel

own, peer = socket.socketpair()
channel, chunks = Channel(own), deque()
try:
    print("ready", flush=True)
    channel.read(chunks, {seconds})
except KeyboardInterrupt:
    peer.send(b"abc")
    assert channel.read(chunks, {seconds})
    print(chunks)
"""


@pytest.mark.parametrize("seconds", [None, 1000.0])
def test_ctrl_c_ends_a_wait(seconds: float | None) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CTRL_C.format(seconds=seconds)],
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        child.send_signal(signal.SIGINT)
        assert child.stdout.read() == "deque([b'abc'])\n"
