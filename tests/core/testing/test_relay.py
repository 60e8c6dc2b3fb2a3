"""One way through the proxy, its pieces made visible: datagrams keep the
boundaries of what was written."""

import asyncio
import contextlib
import socket

import pytest

from plugwire.testing.flow import Flow, Pulse
from plugwire.testing.relay import HOLD_BYTES, Way


@contextlib.asynccontextmanager
async def way_to(kind):
    """What is written to `source` comes out of `sink` piece by piece."""
    pulse = Pulse()
    pulse.start()
    flow = Flow(pulse)
    sockets = [
        *socket.socketpair(),
        *socket.socketpair(type=kind),
    ]
    source, inner_source, inner_sink, sink = sockets
    for sock in sockets:
        sock.setblocking(False)
    way = Way(inner_source, inner_sink, flow, pulse)
    tasks = [asyncio.create_task(w) for w in (way.fill(), way.drain())]
    yield flow, source, sink, tasks, way
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for sock in sockets:
        sock.close()


async def pieces(sink, size):
    loop = asyncio.get_running_loop()
    found = []
    while sum(map(len, found)) < size:
        found.append(await loop.sock_recv(sink, HOLD_BYTES))
    return found


async def test_split_writes_so_much_at_a_time():
    async with way_to(socket.SOCK_DGRAM) as (flow, source, sink, *_):
        flow.split = 3
        source.send(b"abcdefgh")
        assert await pieces(sink, 8) == [b"abc", b"def", b"gh"]
        flow.split = None
        source.send(b"abcdefgh")
        assert await pieces(sink, 8) == [b"abcdefgh"]
        assert flow.bytes == 16


async def test_throttle_writes_a_twentieth_of_a_second_at_a_time():
    async with way_to(socket.SOCK_DGRAM) as (flow, source, sink, *_):
        flow.throttle = 100_000
        source.send(bytes(12_000))
        assert list(map(len, await pieces(sink, 12_000))) == [
            5000,
            5000,
            2000,
        ]


async def test_throttle_holds_the_rest_until_it_is_lifted():
    async with way_to(socket.SOCK_DGRAM) as (flow, source, sink, *_):
        flow.throttle = 0.001
        source.send(b"abc")
        assert await pieces(sink, 1) == [b"a"]
        flow.throttle = 0.002
        await asyncio.sleep(0)
        assert flow.bytes == 1
        flow.throttle = None
        assert await pieces(sink, 2) == [b"bc"]


@pytest.mark.parametrize("split", [None, 2])
async def test_reset_after_passes_exactly_so_many_bytes(split):
    async with way_to(socket.SOCK_DGRAM) as (flow, source, sink, tasks, _):
        flow.reset_after = 5
        flow.split = split
        source.send(b"abcdefgh")
        assert b"".join(await pieces(sink, 5)) == b"abcde"
        with pytest.raises(ConnectionResetError, match="after 5 bytes"):
            await tasks[1]
        assert flow.bytes == 5


async def test_reset_after_nothing_passes_nothing():
    async with way_to(socket.SOCK_DGRAM) as (flow, source, _, tasks, _):
        flow.reset_after = 0
        source.send(b"a")
        with pytest.raises(ConnectionResetError):
            await tasks[1]
        assert flow.bytes == 0


async def test_delay_shifts_what_is_on_its_way_and_keeps_the_pieces():
    async with way_to(socket.SOCK_DGRAM) as (flow, source, sink, *_):
        flow.delay = 3600
        for text in (b"one", b"two"):
            source.send(text)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        flow.delay = 7200
        assert flow.bytes == 0
        flow.delay = 0.001
        assert await pieces(sink, 6) == [b"one", b"two"]


async def test_cut_while_the_sink_is_full_drops_the_rest():
    async with way_to(socket.SOCK_STREAM) as (_, source, _, tasks, way):
        loop = asyncio.get_running_loop()
        sending = asyncio.create_task(
            loop.sock_sendall(source, bytes(1 << 22))
        )
        for _ in range(200):  # more turns than all of it would take
            await asyncio.sleep(0)
        assert not sending.done()
        assert way._size == HOLD_BYTES
        way.cut()
        await sending  # nobody has read a byte
        source.shutdown(socket.SHUT_WR)
        await asyncio.gather(*tasks)
        assert way._size == 0


@pytest.mark.parametrize(
    "hold", [{"delay": 3600}, {"throttle": 0.001}, {"blackhole": True}]
)
async def test_cut_while_bytes_are_held_back_ends_the_stream(hold):
    async with way_to(socket.SOCK_STREAM) as (flow, source, sink, tasks, way):
        source.send(b"a")
        assert await pieces(sink, 1) == [b"a"]
        for name, value in hold.items():
            setattr(flow, name, value)
        source.send(b"bcd")
        while not way._size:
            await asyncio.sleep(0)
        way.cut()
        source.shutdown(socket.SHUT_WR)
        flow._pulse.beat()
        await asyncio.gather(*tasks)
        assert len(await asyncio.get_running_loop().sock_recv(sink, 9)) <= 1


async def test_the_end_of_the_stream_waits_in_a_blackhole_too():
    async with way_to(socket.SOCK_STREAM) as (flow, source, sink, tasks, _):
        flow.blackhole = True
        source.shutdown(socket.SHUT_WR)
        await tasks[0]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        with pytest.raises(BlockingIOError):
            sink.recv(1)
        flow.blackhole = False
        assert await asyncio.get_running_loop().sock_recv(sink, 1) == b""


async def test_bytes_dropped_after_a_cut_reset_nothing():
    async with way_to(socket.SOCK_STREAM) as (flow, source, sink, tasks, way):
        source.send(b"a")
        assert await pieces(sink, 1) == [b"a"]
        way.cut()
        flow.reset_after = 1
        source.send(b"bcd")
        source.shutdown(socket.SHUT_WR)
        await asyncio.gather(*tasks)
        assert flow.bytes == 1
