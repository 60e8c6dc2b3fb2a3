"""Bad lines and dying processes: what stays whole, what is told."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

import pytest
from worlds import DEADLINE, World, numbers

from plugwire import (
    ConnectionClosed,
    Message,
    TimedOut,
)

FILLER = "x" * 30_000
HISTORY: dict[str, Any] = {
    "queue": "history",
    "history": {"size": 100_000, "bytes": 1 << 30},
}


async def test_a_slow_line_in_pieces_changes_nothing(
    socket_world: World,
) -> None:
    world = socket_world
    async with (
        world.server(outbox_messages=10_000) as server,
        world.proxied(server) as (proxy, client),
    ):
        server.on_message(lambda info, message: message.data)
        proxy.down.split = 7
        proxy.up.split = 3
        proxy.up.delay = proxy.down.delay = 0.01
        said = 0
        for size in (0, 1, 100, 5000):
            for _ in range(5):
                server.broadcast({"i": said, "fill": "x" * size})
                said += 1
            answer = await client.request({"i": size, "fill": "y" * size})
            assert answer.data == {"i": size, "fill": "y" * size}
        assert numbers(await world.take(client, said)) == list(range(said))
        proxy.down.clear()
        proxy.down.throttle = 200_000
        server.broadcast({"i": said, "fill": FILLER})
        assert numbers(await world.take(client, 1)) == [said]
        assert (client.missed, proxy.accepted) == (0, 1)


@pytest.mark.parametrize("cut", ["reset", "up", "down"])
async def test_a_cut_line_is_made_again_and_nothing_is_missed(
    socket_world: World, cut: str
) -> None:
    world = socket_world
    async with (
        world.server(**HISTORY) as server,
        world.proxied(server) as (proxy, client),
    ):
        left: list[int | None] = []
        server.on_disconnect(lambda info, reason: left.append(info.id))
        seen: list[Message] = []
        reading = asyncio.create_task(world.drain(client, seen))
        said = 0
        for number in range(1, 5):
            await world.until(lambda n=number: n in server.clients)
            for _ in range(10):
                server.broadcast({"i": said})
                said += 1
            if cut == "reset":
                proxy.reset()
            else:
                proxy.half_close("up" if cut == "up" else "down")
            for _ in range(10):
                server.broadcast({"i": said})
                said += 1
            await world.until(lambda n=number: n in left)
            await world.until(lambda n=said: len(seen) == n)
        assert numbers(seen) == list(range(said))
        assert client.missed == 0
        await client.disconnect()
        await reading
    assert left[:4] == [1, 2, 3, 4]
    assert len(left) == len(set(left))


async def test_a_line_that_passes_nothing_is_let_go_and_counted(
    socket_world: World,
) -> None:
    world = socket_world
    async with (
        world.server(lag_grace=0.1, **HISTORY) as server,
        world.proxied(server) as (proxy, client),
    ):
        proxy.down.blackhole = True
        said = 0
        while server.has_clients:
            server.broadcast({"i": said, "fill": FILLER})
            said += 1
            await world.turn(server)
            assert said < 10_000
        assert server.stats.stalled + server.stats.overfull == 1
        reading = asyncio.create_task(world.take(client, said))
        proxy.down.blackhole = False
        assert numbers(await reading) == list(range(said))
        assert client.missed == 0


async def test_a_line_that_passes_nothing_up_costs_its_own_request_only(
    socket_world: World,
) -> None:
    world = socket_world
    async with (
        world.server() as server,
        world.proxied(server) as (proxy, client),
        world.client() as other,
    ):
        server.on_message(lambda info, message: message.data)
        proxy.up.blackhole = True
        with pytest.raises(TimedOut):
            await client.request({"i": 1}, timeout=0.05)
        assert (await other.request({"i": 2})).data == {"i": 2}
        server.broadcast({"i": 3})
        assert numbers(await world.take(client, 1)) == [3]
        proxy.up.blackhole = False
        # The late answer to the first is nobody's.
        assert (await client.request({"i": 4})).data == {"i": 4}


# -------------------------------------------------------------- processes

UNIX_AND_TCP = pytest.mark.parametrize(
    ("transport", "codec"), [("unix", "msgpack"), ("tcp", "json")]
)
"""A process takes its time to start."""

CHILD = """
import asyncio, sys
from plugwire import Client
async def main():
    async with Client("load", settings=SETTINGS) as client:
        await client.attach("work")
        print(client.client_id, flush=True)
        async for message in client:
            print(message.data["i"], client.missed, flush=True)
asyncio.run(main())
"""


@UNIX_AND_TCP
async def test_a_client_that_is_killed_is_gone_at_once_and_owes_nothing(
    world: World,
) -> None:
    async with world.server() as server, world.client() as witness:
        left: list[tuple[int | None, str]] = []
        server.on_disconnect(lambda info, why: left.append((info.id, why)))
        for turn in range(3):
            async with world.child(CHILD) as child:
                number = int(await child.line())
                assert server.clients_in("work") == (number,)
                server.broadcast({"i": turn})
                assert (await child.line()).split()[0] == str(turn)
                child.process.kill()
                await world.until(lambda gone=turn + 1: len(left) == gone)
                assert server.clients_in("work") == ()
                assert tuple(server.clients) == (witness.client_id,)
                assert left[-1][0] == number
        assert numbers(await world.take(witness, 3)) == [0, 1, 2]


@UNIX_AND_TCP
async def test_a_client_that_is_stopped_and_continued_knows_what_it_missed(
    world: World,
) -> None:
    async with (
        world.server(outbox_messages=64) as server,
        world.child(CHILD) as child,
    ):
        number = int(await child.line())
        server.broadcast({"i": 0})
        assert await child.line() == "0 0"
        child.signal(signal.SIGSTOP)
        said = 1
        while number in server.clients:
            server.broadcast({"i": said, "fill": FILLER})
            said += 1
            await world.turn(server)
        assert server.stats.overfull == 1
        for _ in range(10):
            server.broadcast({"i": said})
            said += 1
        child.signal(signal.SIGCONT)
        await world.until(lambda: server.has_clients)
        server.broadcast({"i": said})
        came = 1
        while True:
            last, missed = (await child.line()).split()
            came += 1
            if int(last) == said:
                break
        assert came + int(missed) == said + 1
        assert int(missed) >= 10


SERVER = """
import asyncio, signal, sys
from plugwire import ConnectionClosed, Server
async def main():
    server = Server("load", settings=SETTINGS, drain_timeout=1.0)
    server.on_message(lambda client, message: message.data)
    async def talk():
        number = 0
        try:
            while True:  # 20 MB a second, which one who reads can take
                for _ in range(4):
                    server.broadcast({"i": number, "fill": "x" * 5000})
                    number += 1
                await asyncio.sleep(0.001)
        except ConnectionClosed:
            print("told", flush=True)
    serving = asyncio.create_task(server.serve_forever())
    while not server.running:
        await asyncio.sleep(0)
    print("ready", flush=True)
    if "talk" in sys.argv:
        await talk()
    await serving
    print("ended", flush=True)
asyncio.run(main())
"""


@UNIX_AND_TCP
async def test_a_server_that_is_killed_is_told_and_found_again(
    world: World,
) -> None:
    gaps: list[int | None] = []
    told: list[str] = []
    client = world.client(reconnect_cap=0.1)
    client.on_gap(lambda c, missed: gaps.append(missed))
    client.on_disconnect(lambda c, reason: told.append(reason))
    async with world.child(SERVER) as first:
        assert await first.line() == "ready"
        await client.connect()
        asking = asyncio.create_task(client.request({"i": 1}))
        assert (await asking).data == {"i": 1}
        former = client.server
        first.process.kill()
        assert await first.ended() == -signal.SIGKILL
    async with (
        world.child(SERVER) as second,  # over what is left
        world.listening(client),
    ):
        assert await second.line() == "ready"
        await world.until(lambda: gaps == [None])
        assert len(told) == 1
        assert client.server != former
        assert (await client.request({"i": 2})).data == {"i": 2}
        assert client.missed is None


@UNIX_AND_TCP
async def test_sigterm_under_load_ends_in_time_and_leaves_nothing(
    world: World,
) -> None:
    async with (
        world.child(SERVER, "talk") as serving,
        world.child(CHILD) as stuck,
        world.client(buffer_size=1, reconnect=False),
        world.client(reconnect=False) as reader,
    ):
        assert await serving.line() == "ready"
        await stuck.line()
        stuck.signal(signal.SIGSTOP)
        await world.take(reader, 100)
        reading = asyncio.create_task(world.drain(reader, []))
        serving.signal(signal.SIGTERM)
        # drain_timeout is 1 s; the rest is for a busy machine.
        async with asyncio.timeout(DEADLINE):
            assert await serving.line() == "told"
            assert await serving.line() == "ended"
            assert await serving.ended() == 0
        with pytest.raises(ConnectionClosed):
            await reading
    left = {path.name for path in world.folder.iterdir()}
    assert left <= {"load.lock", "token", "front"}
