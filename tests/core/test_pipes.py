"""Two one-way pipes as one transport: as asyncio's own would be."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket

import pytest

from plugwire.pipes import connect_pipes

LARGE = 1 << 20


class Talk(asyncio.Protocol):
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.calls: list[object] = []
        self.data = bytearray()
        self.keep = True
        self.lost: asyncio.Future[Exception | None] = (
            asyncio.get_running_loop().create_future()
        )

    def connection_made(self, transport):
        self.calls.append("made")

    def data_received(self, data):
        self.data += data

    def eof_received(self):
        self.calls.append("end")
        return self.keep

    def pause_writing(self):
        self.calls.append("pause")

    def resume_writing(self):
        self.calls.append("resume")

    def connection_lost(self, exc):
        self.lost.set_result(exc)


class Buffered(asyncio.BufferedProtocol):
    """Reads three bytes at a time."""

    def __init__(self) -> None:
        self.room = bytearray(3)
        self.data = bytearray()

    def get_buffer(self, sizehint):
        return self.room

    def buffer_updated(self, nbytes):
        self.data += self.room[:nbytes]


@contextlib.asynccontextmanager
async def connected(one=Talk, other=Talk):
    """Both ends of a connection: ((transport, protocol), (…))."""
    there, back = os.pipe(), os.pipe()
    near = await connect_pipes(one, back[0], there[1])
    far = await connect_pipes(other, there[0], back[1])
    yield near, far
    for transport, _ in (near, far):
        transport.abort()
    for transport, _ in (near, far):
        while not transport._lost:
            await asyncio.sleep(0)


async def until(condition):
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0)


async def test_bytes_go_both_ways():
    async with connected() as ((near, one), (far, other)):
        near.write(b"there")
        far.write(bytearray(b"back"))
        await until(lambda: one.data and other.data)
        assert (bytes(other.data), bytes(one.data)) == (b"there", b"back")
        assert one.calls == other.calls == ["made"]
        assert near.get_protocol() is one


async def test_a_buffered_protocol_reads_as_much_as_it_has_room_for():
    async with connected(other=Buffered) as ((near, _), (_, other)):
        near.write(b"abcdefgh")
        await until(lambda: len(other.data) == 8)
        assert other.data == b"abcdefgh"


async def test_who_does_not_read_pauses_the_writer():
    async with connected() as ((near, one), (far, other)):
        near.set_write_buffer_limits(high=0)
        assert near.get_write_buffer_limits() == (0, 0)
        far.pause_reading()
        assert not far.is_reading()
        near.write(bytes(LARGE))
        assert 0 < near.get_write_buffer_size() < LARGE
        assert one.calls == ["made", "pause"]
        far.resume_reading()
        await until(lambda: len(other.data) == LARGE)
        await until(lambda: one.calls[-1] == "resume")
        assert near.get_write_buffer_size() == 0


async def test_close_sends_what_was_written_first():
    async with connected() as ((near, one), (far, other)):
        far.pause_reading()
        near.write(bytes(LARGE))
        near.close()
        near.close()
        assert near.is_closing()
        near.write(b"too late")
        far.resume_reading()
        assert await one.lost is None
        await until(lambda: "end" in other.calls)
        assert len(other.data) == LARGE


async def test_what_the_peer_said_last_is_read_though_it_reads_no_more():
    async with connected() as ((near, _), (far, other)):
        far.pause_reading()
        near.write(b"goodbye")
        near.close()
        # The end of the other pipe is seen before this one is read.
        await until(lambda: far._is_written)
        far.resume_reading()
        await until(lambda: "end" in other.calls)
        assert other.data == b"goodbye"
        far.write(b"nobody hears this")
        assert isinstance(await other.lost, BrokenPipeError)


async def test_an_end_that_is_not_kept_closes():
    async with connected() as ((near, _), (_, other)):
        other.keep = False
        near.close()
        assert await other.lost is None


async def test_half_of_it_may_end():
    async with connected() as ((near, one), (far, other)):
        assert near.can_write_eof()
        near.write(b"question")
        near.write_eof()
        near.write_eof()
        with pytest.raises(RuntimeError, match="after write_eof"):
            near.write(b"more")
        await until(lambda: "end" in other.calls)
        far.write(b"answer")
        await until(lambda: one.data == b"answer")
        near.close()
        assert await one.lost is None


async def test_abort_drops_what_waits_and_ends_once():
    async with connected() as ((near, one), (far, _)):
        far.pause_reading()
        near.write(bytes(LARGE))
        near.close()
        near.abort()
        near.abort()
        assert not one.lost.done()
        assert await one.lost is None
        near.abort()


async def test_writing_into_the_void_ends_it_with_an_error():
    async with connected() as ((near, one), (far, _)):
        far.pause_reading()
        near.write(bytes(LARGE))
        far.abort()
        assert isinstance(await one.lost, BrokenPipeError)


@pytest.mark.parametrize("method", ["data_received", "eof_received"])
async def test_a_protocol_that_raises_ends_it(method, caplog):
    class Broken(Talk):
        pass

    def fail(self, *_):
        raise ValueError("no")

    setattr(Broken, method, fail)
    said = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: said.append(context))
    async with connected(other=Broken) as ((near, _), (_, other)):
        near.write(b"x")
        near.write_eof()
        assert str(await other.lost) == "no"
    [context] = said
    assert "failed" in context["message"]


async def test_small_lets_little_be_on_its_way():
    held = []
    for small in (False, True):
        there, back = os.pipe(), os.pipe()
        near, _ = await connect_pipes(Talk, back[0], there[1], small=small)
        near.write(bytes(LARGE))
        held.append(LARGE - near.get_write_buffer_size())
        near.abort()
        for descriptor in (there[0], back[1]):
            os.close(descriptor)
        await until(lambda one=near: one._lost)
    assert held[1] < held[0]


async def test_what_cannot_be_connected_is_closed(tmp_path):
    (reading, other), file = (
        os.pipe(),
        os.open(tmp_path / "file", os.O_WRONLY | os.O_CREAT),
    )
    with pytest.raises(ValueError):
        await connect_pipes(Talk, reading, file)
    for descriptor in (reading, file):
        with pytest.raises(OSError):
            os.fstat(descriptor)
    os.close(other)


async def test_a_factory_that_raises_leaves_nothing():
    def factory():
        raise LookupError("no protocol")

    pipe = os.pipe()
    with pytest.raises(LookupError):
        await connect_pipes(factory, *pipe)
    for descriptor in pipe:
        with pytest.raises(OSError):
            os.fstat(descriptor)


async def test_cancelled_at_any_turn_it_leaves_nothing():
    for turns in range(6):
        one, other = socket.socketpair()
        pipe = one.detach(), os.dup(other.fileno())
        task = asyncio.create_task(connect_pipes(Talk, *pipe))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        [done] = await asyncio.gather(task, return_exceptions=True)
        if isinstance(done, tuple):
            done[0].abort()
        for _ in range(4):
            await asyncio.sleep(0)
        if turns:  # or the task never began
            for descriptor in pipe:
                with pytest.raises(OSError):
                    os.fstat(descriptor)
        else:
            for descriptor in pipe:
                os.close(descriptor)
        other.close()
