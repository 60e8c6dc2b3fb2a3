"""Starts and stops, many of them: nothing is left of any."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import threading

import pytest
from worlds import ALL_LOOPS, World, numbers, open_files

from plugwire import (
    ConnectionClosed,
    ConnectionFailed,
    Message,
    Refused,
    TooManyConnections,
)

TIMES = 200
UNIX_AND_TCP = pytest.mark.parametrize(
    ("transport", "codec"), [("unix", "msgpack"), ("tcp", "json")]
)


class Belongings:
    """What this process has now."""

    def __init__(self, world: World) -> None:
        self._folder = world.folder
        self.descriptors = open_files()
        self.threads = set(threading.enumerate())
        self.tasks = asyncio.all_tasks()
        self.signals = [signal.getsignal(n) for n in (2, 15)]

    def check(self) -> None:
        """Nothing is there that was not, but the lock file and the token."""
        assert open_files() == self.descriptors
        assert set(threading.enumerate()) == self.threads
        assert asyncio.all_tasks() == self.tasks
        assert [signal.getsignal(n) for n in (2, 15)] == self.signals
        left = {path.name for path in self._folder.iterdir()}
        assert left <= {"load.lock", "token"}
        assert (self._folder / "load.lock").read_bytes() == b""


async def _served(world: World, turn: int) -> None:
    """One server from its start to its stop, and what clients may do."""
    async with (
        world.server() as server,
        world.client(reconnect=False) as staying,
    ):
        server.on_message(lambda info, message: message.data)
        async with world.client() as leaving:
            server.broadcast({"i": turn})
            assert numbers(await world.take(leaving, 1)) == [turn]
            match turn % 4:
                case 0:
                    await leaving.attach("work")
                case 1:
                    assert (await leaving.request({"i": 1})).data == {"i": 1}
                case 2:
                    world.crash(leaving)
                case 3:
                    server.disconnect(leaving.client_id or 0, "enough")
        assert numbers(await world.take(staying, 1)) == [turn]
        if turn % 2:  # one that goes down with its server
            await server.stop()
            with pytest.raises(ConnectionClosed):
                await staying.receive()


@UNIX_AND_TCP
async def test_c6_two_hundred_starts_and_stops_leave_nothing(
    world: World,
) -> None:
    await _served(world, 0)  # what is made once is made
    before = Belongings(world)
    for turn in range(TIMES):
        await _served(world, turn)
    before.check()


@UNIX_AND_TCP
async def test_c6_one_server_that_starts_and_stops_leaves_nothing(
    world: World,
) -> None:
    await _served(world, 0)
    before = Belongings(world)
    server = world.server()
    client = world.client(reconnect_cap=0.01)
    for turn in range(TIMES // 4):
        await server.start()
        if turn == 0:
            await client.connect()
        receiving = asyncio.create_task(client.receive())
        await world.until(lambda: server.has_clients)
        server.broadcast({"i": turn})
        assert numbers([await receiving]) == [turn]
        await server.stop()
    await client.disconnect()
    before.check()


@UNIX_AND_TCP
async def test_c6_what_fails_leaves_nothing_either(world: World) -> None:
    await _served(world, 0)
    before = Belongings(world)
    for _ in range(TIMES // 4):
        with pytest.raises(ConnectionFailed):
            await world.client(default_timeout=0.005).connect()
    other = {"msgpack": "json", "json": "msgpack"}[world.format]
    async with world.server(max_connections=1) as server, world.client():
        for _ in range(TIMES // 4):
            with pytest.raises(TooManyConnections):
                await world.client().connect()
            with pytest.raises(Refused, match="codec"):
                await world.client(codec=other, door="main").connect()
        assert len(server.clients) == 1
    before.check()


async def test_what_is_forgotten_is_collected(world: World) -> None:
    async def once() -> None:
        async with world.server() as server, world.client() as client:
            server.broadcast({"i": 1})
            await world.take(client, 1)

    def messages() -> int:
        gc.collect()
        return sum(type(found) is Message for found in gc.get_objects())

    await once()
    before = messages()
    for _ in range(5):
        await once()
    assert messages() <= before


@UNIX_AND_TCP
async def test_c6_a_client_that_was_drained_is_closed_once(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    # asyncio ends a transport twice that is closed while it resumes, and
    # says so in its log.
    server = world.server(outbox_messages=10_000)
    await server.start()
    async with world.client(buffer_size=16, reconnect=False) as client:
        for number in range(1000):
            server.broadcast({"i": number, "fill": "x" * 8000})
        stopping = asyncio.create_task(server.stop())
        assert numbers(await world.take(client, 1000)) == list(range(1000))
        await stopping
    said = [r.getMessage() for r in caplog.records if r.name == "asyncio"]
    assert [text for text in said if "selector" not in text] == []


@ALL_LOOPS
async def test_c6_who_knocks_as_the_server_stops_leaves_nothing(
    unix_world: World,
) -> None:
    world = unix_world
    for turns in range(30):
        server = world.server()
        await server.start()
        place = server.addresses["main"].partition(":")[2]
        with socket.socket(socket.AF_UNIX) as knocking:
            knocking.connect(place)
            for _ in range(turns % 6):
                await asyncio.sleep(0)
            await server.stop()
    gc.collect()  # a socket that nobody closed warns, and that is an error
