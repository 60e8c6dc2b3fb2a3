"""The chaos proxy between real sockets, TCP and Unix."""

import asyncio
import contextlib
import gc
import resource
import socket
import threading
from pathlib import Path

import pytest

from plugwire.errors import ConnectionFailed
from plugwire.testing import ChaosProxy
from plugwire.testing.relay import HOLD_BYTES

BIG = b"0123456789abcdef" * 65536


class Target:
    """An echo server; `streams` has (reader, writer) of each connection,
    which are the test's own when `echo` is false."""

    def __init__(self):
        self.echo = True
        self.streams = asyncio.Queue()
        self.ended = 0

    async def serve(self, reader, writer):
        self.streams.put_nowait((reader, writer))
        if not self.echo:
            return
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        self.ended += 1
        writer.close()

    @contextlib.asynccontextmanager
    async def listening(self, kind, folder):
        if kind == "tcp":
            server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
            self.address = server.sockets[0].getsockname()
        else:
            self.address = Path(folder) / "s"
            server = await asyncio.start_unix_server(self.serve, self.address)
        try:
            yield self
        finally:
            server.close()
            while not self.streams.empty():
                self.streams.get_nowait()[1].transport.abort()


@pytest.fixture(params=["tcp", "unix"])
async def target(request, tmp_path):
    async with Target().listening(request.param, tmp_path) as target:
        yield target


@pytest.fixture
async def proxy(target):
    async with ChaosProxy(target.address) as proxy:
        yield proxy


@contextlib.asynccontextmanager
async def client(proxy):
    if isinstance(proxy.address, tuple):
        reader, writer = await asyncio.open_connection(*proxy.address)
    else:
        reader, writer = await asyncio.open_unix_connection(proxy.address)
    try:
        yield reader, writer
    finally:
        if not writer.is_closing():
            writer.transport.abort()


async def echoed(stream, text):
    reader, writer = stream
    writer.write(text)
    return await reader.readexactly(len(text))


async def end(reader):
    """How the stream ended; a Unix socket says either for a reset."""
    try:
        data = await reader.read()
    except ConnectionResetError:
        return "reset"
    assert not data
    return "end"


def a_reset(proxy):
    return {"reset"} if isinstance(proxy.address, tuple) else {"reset", "end"}


async def test_untouched_it_passes_everything_on_and_counts(target, proxy):
    async with client(proxy) as stream:
        sending = asyncio.create_task(echoed(stream, BIG * 4))
        assert await sending == BIG * 4
        assert proxy.up.bytes == proxy.down.bytes == 4 * len(BIG)
        assert (proxy.accepted, proxy.active) == (1, 1)
        async with client(proxy) as other:
            assert await echoed(other, b"me too") == b"me too"
            assert (proxy.accepted, proxy.active) == (2, 2)
        stream[1].write_eof()
        assert await end(stream[0]) == "end"


async def test_a_half_closed_connection_goes_on_the_other_way(target, proxy):
    target.echo = False
    async with client(proxy) as (reader, writer):
        writer.write(b"all I say")
        writer.write_eof()
        served, answer = await target.streams.get()
        assert await served.read() == b"all I say"
        answer.write(BIG)
        answer.close()
        assert await reader.read() == BIG


async def test_a_side_that_does_not_read_stops_the_other(target, proxy):
    target.echo = False
    async with client(proxy) as (_, writer):
        writer.transport.set_write_buffer_limits(high=0)
        writer.write(BIG * 24)
        sending = asyncio.create_task(writer.drain())
        served, answer = await target.streams.get()
        target.echo = True
        async with client(proxy) as other:
            for _ in range(200):
                assert await echoed(other, b"x" * 1000) == b"x" * 1000
        assert not sending.done()
        for relay in proxy._relays.values():
            for way in relay._ways.values():
                assert way._size <= HOLD_BYTES
        assert len(await served.readexactly(len(BIG) * 24)) == len(BIG) * 24
        await sending
        answer.close()


async def test_a_reset_by_one_side_is_a_reset_for_the_other(tmp_path):
    async with Target().listening("tcp", tmp_path) as target:
        target.echo = False
        async with (
            ChaosProxy(target.address) as proxy,
            client(proxy) as (reader, _),
        ):
            _, answer = await target.streams.get()
            linger = b"\1\0\0\0\0\0\0\0"
            answer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, linger
            )
            answer.transport.abort()
            assert await end(reader) == "reset"


async def test_reset_breaks_all_connections_and_takes_new_ones(target, proxy):
    async with client(proxy) as one, client(proxy) as two:
        for stream in (one, two):
            await echoed(stream, b"there")
        proxy.reset()
        for reader, _ in (one, two):
            assert await end(reader) in a_reset(proxy)
        async with client(proxy) as three:
            assert await echoed(three, b"again") == b"again"
        assert proxy.accepted == 3
    assert target.ended >= 2


async def test_a_blackhole_swallows_nothing_but_holds_all(target, proxy):
    async with client(proxy) as one, client(proxy) as two:
        await echoed(one, b"before")
        await echoed(two, b"before")
        sent = proxy.up.bytes
        proxy.down.blackhole = True
        one[1].write(b"a question")
        one[1].write_eof()
        two[1].write(b"more")
        served, _ = await target.streams.get()
        while not served.at_eof():
            await asyncio.sleep(0)
        assert proxy.up.bytes >= sent + 10
        assert proxy.down.bytes == sent
        proxy.down.blackhole = False
        assert await one[0].read() == b"a question"
        assert await two[0].readexactly(4) == b"more"


async def test_who_connects_into_a_blackhole_arrives_when_it_is_lifted(
    target, proxy
):
    proxy.up.blackhole = True
    async with client(proxy) as stream:
        stream[1].write(b"hello")
        while not proxy.active:
            await asyncio.sleep(0)
        assert target.streams.empty()
        proxy.up.blackhole = False
        assert await stream[0].readexactly(5) == b"hello"


@pytest.mark.parametrize("hold", [{"delay": 3600.0}, {"throttle": 0.001}])
async def test_what_holds_bytes_back_can_be_changed_while_it_does(
    target, proxy, hold
):
    async with client(proxy) as stream:
        await echoed(stream, b"first")
        for name, value in hold.items():
            setattr(proxy.down, name, value)
        sent = proxy.up.bytes
        stream[1].write(b"later")
        while proxy.up.bytes < sent + 5:
            await asyncio.sleep(0)
        assert proxy.down.bytes <= sent + 1
        proxy.down.clear()
        assert await stream[0].readexactly(5) == b"later"


async def test_pieces_arrive_whole(target, proxy):
    proxy.up.split, proxy.down.split = 1, 7
    async with client(proxy) as stream:
        text = bytes(range(256)) * 4
        assert await echoed(stream, text) == text


async def test_reset_after_so_many_bytes_of_each_connection(target, proxy):
    proxy.up.reset_after = 10
    for _ in range(2):
        async with client(proxy) as stream:
            assert await echoed(stream, b"123456789") == b"123456789"
            stream[1].write(b"0 and no more")
            data = b""
            with contextlib.suppress(ConnectionResetError):
                data = await stream[0].read()
            assert data in (b"", b"0")
    assert proxy.up.bytes == 20


@pytest.mark.parametrize("blackhole", [False, True])
async def test_half_close_ends_one_direction_only(target, proxy, blackhole):
    target.echo = False
    async with client(proxy) as (reader, writer):
        served, answer = await target.streams.get()
        writer.write(b"before")
        assert await served.readexactly(6) == b"before"
        if blackhole:
            proxy.up.blackhole = True
            writer.write(b"held, and then dropped")
            (relay,) = proxy._relays.values()
            while not relay._ways["up"]._size:
                await asyncio.sleep(0)
        proxy.half_close("up")
        assert await served.read() == b""
        writer.write(BIG)  # goes nowhere, and disturbs nobody
        answer.write(b"still here")
        assert await reader.readexactly(10) == b"still here"
        proxy.half_close("down")
        assert await reader.read() == b""
        answer.close()
        writer.close()
        while proxy.active:
            await asyncio.sleep(0)


async def test_half_close_before_the_target_is_reached_does_nothing(
    target, proxy
):
    proxy.up.blackhole = True
    async with client(proxy) as stream:
        while not proxy.active:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        proxy.half_close("up")
        await asyncio.sleep(0)
        assert target.streams.empty()
        proxy.up.blackhole = False
        assert await echoed(stream, b"hello") == b"hello"


async def test_refuse_closes_who_connects_and_nobody_else(target, proxy):
    async with client(proxy) as stream:
        await echoed(stream, b"in")
        proxy.refuse = True
        try:
            async with client(proxy) as (reader, _):
                assert await end(reader) in a_reset(proxy)
        except OSError:
            assert isinstance(proxy.address, tuple)  # within connect
        assert await echoed(stream, b"still in") == b"still in"
        assert (proxy.accepted, proxy.active) == (2, 1)
        proxy.refuse = False
        async with client(proxy) as stream:
            assert await echoed(stream, b"in too") == b"in too"


async def test_a_target_that_is_not_there_is_a_reset(tmp_path):
    async with (
        ChaosProxy(tmp_path / "nobody", listen=("127.0.0.1", 0)) as proxy,
        client(proxy) as (reader, _),
    ):
        assert await end(reader) == "reset"
        assert proxy.active == 0


async def test_stop_ends_all_and_leaves_no_file(target):
    proxy = ChaosProxy(target.address)
    await proxy.start()
    async with client(proxy) as stream:
        await echoed(stream, b"there")
        await proxy.stop()
        await proxy.stop()
        assert await end(stream[0]) in a_reset(proxy)
        proxy.reset()
        proxy.up.delay = 1
        with pytest.raises(OSError):
            async with client(proxy):
                pass
        if isinstance(proxy.address, Path):
            assert proxy.address == Path(f"{target.address}.proxy")
            assert not proxy.address.exists()
        proxy.up.delay = 0
        async with proxy, client(proxy) as stream:
            assert await echoed(stream, b"again") == b"again"


async def test_stopped_at_any_turn_of_an_accept_it_leaves_nothing(target):
    # A socket that nobody closed warns, and that is an error here.
    for turns in range(12):
        async with ChaosProxy(target.address) as proxy:
            tcp = isinstance(proxy.address, tuple)
            family = socket.AF_INET if tcp else socket.AF_UNIX
            with socket.socket(family) as knocking:
                knocking.connect(proxy.address if tcp else str(proxy.address))
                for _ in range(turns):
                    await asyncio.sleep(0)
                await proxy.stop()
    gc.collect()


async def test_kinds_of_address_may_differ(tmp_path):
    async with (
        Target().listening("tcp", tmp_path) as target,
        ChaosProxy(target.address, listen=tmp_path / "front") as proxy,
        client(proxy) as stream,
    ):
        assert await echoed(stream, b"across") == b"across"
        with pytest.raises(TypeError, match="has no port"):
            _ = proxy.port


async def test_an_address_that_is_taken_is_named(target, proxy):
    other = ChaosProxy(target.address, listen=proxy.address)
    if isinstance(proxy.address, tuple):
        assert proxy.port == proxy.address[1]
    with pytest.raises(ConnectionFailed, match="listen=") as caught:
        await other.start()
    assert caught.value.address == str(proxy.address)
    with pytest.raises(ConnectionFailed), other:
        raise AssertionError("it started")
    assert "plugwire-chaos-proxy" not in [
        t.name for t in threading.enumerate()
    ]


async def test_running_out_of_descriptors_does_not_end_it(target, proxy):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    async with client(proxy) as stream:
        await echoed(stream, b"in")
        highest = max(int(p.name) for p in Path("/dev/fd").iterdir())
        spare = []
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 3, hard))
        try:
            with contextlib.suppress(OSError):
                while True:
                    spare.append(socket.socket())
            spare.pop().close()
            async with client(proxy) as late:
                for _ in range(20):
                    await echoed(stream, b"still in")
                assert proxy.accepted == 1
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
                assert await echoed(late, b"late") == b"late"
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            for sock in spare:
                sock.close()


def test_a_blocking_program_says_with(tmp_path):
    """The proxy runs in its own thread; every method is called from here."""
    listener = socket.create_server(("127.0.0.1", 0))
    with (
        listener,
        ChaosProxy(listener.getsockname()) as proxy,
        socket.create_connection(proxy.address) as near,
    ):
        far, _ = listener.accept()
        with far:
            near.sendall(b"hello")
            assert far.recv(5) == b"hello"
            proxy.up.blackhole = True
            near.sendall(b"later")
            proxy.up.blackhole = False
            assert far.recv(5) == b"later"
            proxy.half_close("down")
            assert near.recv(1) == b""
            proxy.reset()
            with pytest.raises(ConnectionResetError):
                far.recv(1)
    assert "plugwire-chaos-proxy" not in [
        t.name for t in threading.enumerate()
    ]


async def test_ipv6_has_its_own_family(tmp_path):
    target = Target()
    server = await asyncio.start_server(target.serve, "::1", 0)
    address = server.sockets[0].getsockname()[:2]
    async with (
        server,
        ChaosProxy(address, listen=("::1", 0)) as proxy,
        client(proxy) as stream,
    ):
        assert await echoed(stream, b"six") == b"six"
