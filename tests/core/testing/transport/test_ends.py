"""The ends that checks hold."""

from __future__ import annotations

import asyncio

import pytest

from plugwire import ConnectionFailed
from plugwire.duplex import pair
from plugwire.interfaces import Peer
from plugwire.memory import Memory
from plugwire.testing.transport.ends import End, alone, call, hang_up

PEER = Peer(transport="kit", address="here")


def joined() -> tuple[End, End]:
    loop = asyncio.get_running_loop()
    ends = End(PEER), End(PEER)
    for end, transport in zip(ends, pair(loop, loop), strict=True):
        transport.begin(end)
    return ends


def run(check) -> None:
    asyncio.run(alone(check()))


def test_an_end_remembers_what_it_was_told() -> None:
    async def check() -> None:
        near, far = joined()
        near.transport.write(b"some words")
        assert await far.read(4) == b"some"
        assert await far.word() == b" words"
        near.transport.write_eof()
        await far.end()
        assert await far.word() == b""
        assert far.calls == ["connection_made", "eof_received"]
        assert (far.ended, far.lost, far.peer) == (True, False, PEER)
        await hang_up(near, far)
        assert far.lost
        assert far.error is None

    run(check)


def test_an_end_that_comes_too_early_says_so() -> None:
    async def check() -> None:
        near, far = joined()
        near.transport.write(b"abc")
        near.transport.close()
        with pytest.raises(AssertionError, match="found 3 and then the end"):
            await far.read(4)

    run(check)


def test_what_never_comes_is_named() -> None:
    async def check() -> None:
        near, _ = joined()
        with pytest.raises(AssertionError, match="for 7 bytes; this end has"):
            await near.read(7)

    run(check)


def test_a_writer_waits_until_it_may_go_on() -> None:
    async def check() -> None:
        near, far = joined()
        far.transport.pause_reading()
        near.transport.write(bytes(1 << 20))
        assert near.is_paused
        far.transport.resume_reading()
        await near.write(b"last")
        assert not near.is_paused

    run(check)


def test_writing_to_who_has_gone_fails() -> None:
    async def check() -> None:
        near, far = joined()
        far.transport.pause_reading()
        near.transport.write(bytes(1 << 20))
        far.cut()
        with pytest.raises(AssertionError, match="lost while it wrote"):
            await near.write(b"more")

    run(check)


def test_what_a_check_leaves_is_cut_however_it_ends() -> None:
    ends: list[End] = []

    async def passing() -> None:
        ends.extend(joined())

    async def failing() -> None:
        ends.extend(joined())
        End(PEER)  # never connected
        raise LookupError("the check's own word")

    run(passing)
    with pytest.raises(LookupError, match="own word"):
        run(failing)
    assert [end.lost for end in ends] == [True] * 4


def test_a_call_is_a_clients(tmp_path) -> None:
    async def check() -> None:
        memory = Memory()
        connector = memory.connect("kit", tmp_path)
        with pytest.raises(ConnectionFailed):
            await call(connector, None)
        listener = memory.bind("kit", tmp_path)
        await listener.start(End, small=False)
        near = await call(connector, None)
        assert near.peer.transport == "memory"
        await listener.stop()

    run(check)
