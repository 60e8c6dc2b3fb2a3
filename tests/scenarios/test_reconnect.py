"""Coming back: row B10 in full, and what was said meanwhile."""

from __future__ import annotations

import asyncio
import math
import resource
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from worlds import DEADLINE, World, numbers, total

from plugwire import (
    Client,
    ClientInfo,
    ConnectionFailed,
    Denied,
    Message,
    Refused,
    Server,
)

SOON: dict[str, Any] = {"reconnect_cap": 0.02}
"""For a connection that is cut again and again."""


# ------------------------------------------------------ what was missed

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.integers(1, 12)),
        st.tuples(st.just("large"), st.integers(1, 4)),
        st.tuples(st.just("cut down after"), st.integers(0, 9000)),
        st.tuples(st.just("cut up after"), st.integers(0, 300)),
        st.tuples(st.just("whole"), st.just(0)),
        st.tuples(st.just("reset"), st.just(0)),
        st.tuples(st.just("half-close down"), st.just(0)),
        st.tuples(st.just("half-close up"), st.just(0)),
        st.tuples(st.just("split"), st.integers(1, 200)),
        st.tuples(st.just("turns"), st.integers(1, 30)),
        st.tuples(st.just("away"), st.integers(0, 10)),
    ),
    max_size=30,
)


@settings(
    max_examples=15,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
    ],
)
@given(steps=STEPS, reach=st.sampled_from([0, 1, 5, 1000]))
def test_b10_cut_anywhere_each_message_comes_once_or_is_counted(
    socket_world: World, steps: list[tuple[str, int]], reach: int
) -> None:
    socket_world.run(_cutting(socket_world, steps, reach))


async def _cutting(
    world: World, steps: list[tuple[str, int]], reach: int
) -> None:
    queue: dict[str, Any] = {"queue": "none"}
    if reach:
        queue = {"queue": "history", "history": {"size": reach}}
    async with (
        world.server(**queue) as server,
        world.proxied(server) as (proxy, client),
    ):
        gaps: list[int | None] = []
        client.on_gap(lambda c, missed: gaps.append(missed))
        seen: list[Message] = []
        reading = asyncio.create_task(world.drain(client, seen))
        said = 0

        async def say(count: int, fill: str = "") -> None:
            nonlocal said
            for _ in range(count):
                server.broadcast({"i": said, "fill": fill})
                said += 1
                await asyncio.sleep(0)

        for act, number in steps:
            match act:
                case "say":
                    await say(number)
                case "large":
                    await say(number, "x" * 20_000)
                case "cut down after":
                    proxy.down.reset_after = number
                case "cut up after":
                    proxy.up.reset_after = number
                case "whole":
                    proxy.down.clear()
                    proxy.up.clear()
                case "reset":
                    proxy.reset()
                case "half-close down":
                    proxy.half_close("down")
                case "half-close up":
                    proxy.half_close("up")
                case "split":
                    proxy.down.split = number
                case "turns":
                    for _ in range(number):
                        await asyncio.sleep(0)
                case "away":
                    proxy.refuse = True
                    proxy.reset()
                    await say(number)
                    proxy.refuse = False
        proxy.down.clear()
        proxy.up.clear()
        while not seen or seen[-1].data["i"] != said - 1:
            await say(1)
            # It comes, or it is counted: then the next one does.
            await world.until(lambda: _known(client, seen) >= said)
        assert sorted({*numbers(seen)}) == numbers(seen)
        assert _known(client, seen) == said
        await client.disconnect()
        await reading
        await world.until(lambda: total(gaps) == client.missed)
        if reach == 1000:
            assert client.missed == 0


def _is_back(server: Server, former: int | None) -> bool:
    """Whether the one client is there, and no more as `former`."""
    clients = server.clients  # of one moment
    return bool(clients) and former not in clients


def _known(client: Client, seen: list[Message]) -> int:
    """How many have come, or were counted as missed."""
    return len(seen) + (client.missed or 0)


async def test_b10_another_incarnation_is_unknown_and_its_own_losses_count(
    world: World,
) -> None:
    server = world.server(queue="history", history={"size": 3})
    said = world.Event()
    said.set()

    @server.on_connect
    async def _(info: ClientInfo) -> None:
        await said.wait()

    await server.start()
    gaps: list[int | None] = []
    async with world.client(**SOON) as client:
        client.on_gap(lambda c, missed: gaps.append(missed))
        for number in range(9):
            server.broadcast({"i": number})
        assert numbers(await world.take(client, 9)) == list(range(9))
        await server.stop()
        said.clear()
        await server.start()
        # As many as it has seen of the former one, and they are others.
        for number in range(9):
            server.broadcast({"i": 100 + number})
        said.set()
        receiving = asyncio.create_task(world.take(client, 3))
        await world.until(lambda: server.has_clients)
        seen = await receiving
        assert numbers(seen) == list(range(106, 109))
        assert all(message.kept for message in seen)
        await world.until(lambda: gaps == [None])
        assert client.missed is None
        back = world.Event()

        @server.on_connect
        async def _(info: ClientInfo) -> None:
            await back.wait()

        world.crash(client)
        await world.until(lambda: not server.clients)
        receiving = asyncio.create_task(world.take(client, 4))
        for number in range(5):
            server.broadcast({"i": 109 + number})
        back.set()
        await world.until(lambda: server.has_clients)
        server.broadcast({"i": 114})
        assert numbers(await receiving) == [111, 112, 113, 114]
        await world.until(lambda: gaps == [None, 2])
        assert client.missed is None
    await server.stop()


async def test_b10_what_its_codec_could_not_carry_is_counted_once(
    world: World,
) -> None:
    # The first door's codec carries it, the client's at the second does not.
    listen = {"first": {"codec": "msgpack"}, "second": {"codec": "json"}}
    told = world.settings(listen=listen)
    del told["codec"]
    async with (
        world.Server("load", settings=told, queue="history") as server,
        world.Client("load", door="second", settings=told) as client,
    ):
        server.broadcast({"i": 0})
        await world.take(client, 1)
        server.broadcast({"i": 1, "none": math.nan})
        server.broadcast({"end": True}, session="nobody")
        receiving = asyncio.create_task(client.receive())
        await world.until(lambda: client.missed == 1)
        former = client.client_id
        world.crash(client)
        await world.until(lambda: _is_back(server, former))
        server.broadcast({"i": 2})
        assert numbers([await receiving]) == [2]
        assert client.missed == 1


async def test_b10_what_was_said_before_it_first_joined_is_no_loss(
    socket_world: World,
) -> None:
    world = socket_world
    total = 100
    async with world.server(permissions=["anyone"]) as server:
        for number in range(total):
            server.broadcast({"i": number, "fill": "x" * 80_000})
        async with world.raw(server) as raw:
            # It takes some of what was kept, hears live ones, and dies.
            assert (await raw.join())["kept"] == total
            for number in range(total, total + 20):
                server.broadcast({"i": number})
        await world.until(lambda: not server.has_clients)
        left = server.kept
        async with world.client(permissions=["anyone"], **SOON) as client:
            seen = await world.take(client, left)
            assert numbers(seen)[-1] == total - 1
            former = client.client_id
            world.crash(client)
            receiving = asyncio.create_task(client.receive())
            await world.until(lambda: _is_back(server, former))
            server.broadcast({"i": -1})
            assert numbers([await receiving]) == [-1]
            assert client.missed == 0


# ----------------------------------------------------------- coming back


async def test_b10_it_is_in_its_session_again_before_it_hears_anything(
    socket_world: World,
) -> None:
    world = socket_world
    async with (
        world.server() as server,
        world.proxied(server) as (proxy, client),
    ):
        await client.attach("work")
        seen: list[Message] = []
        reading = asyncio.create_task(world.drain(client, seen))
        for turn in range(3):
            former = client.client_id
            proxy.reset()
            await world.until(lambda gone=former: _is_back(server, gone))
            assert server.broadcast({"i": turn}, session="work") == 1
            await world.until(lambda last=turn: len(seen) == last + 1)
        assert numbers(seen) == [0, 1, 2]
        await client.disconnect()
        await reading


async def test_b10_as_many_tries_as_it_was_told_and_the_last_cause(
    socket_world: World,
) -> None:
    world = socket_world
    async with (
        world.server() as server,
        world.proxied(server, reconnect_tries=4) as (
            proxy,
            client,
        ),
    ):
        proxy.refuse = True
        proxy.reset()
        with pytest.raises(ConnectionFailed, match="after 4 tries") as caught:
            await client.receive(timeout=DEADLINE)
        assert proxy.accepted == 1 + 4
        assert str(caught.value.__cause__) in str(caught.value)


@asynccontextmanager
async def stranger(world: World, welcome: bytes) -> AsyncIterator[Any]:
    """Somebody who says `welcome` and no more; its address, for a proxy."""

    async def speak(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(welcome)
        with suppress(ConnectionError):
            await reader.read()
        writer.close()

    if world.transport == "unix":
        place = str(world.folder / "stranger.sock")
        listening = await asyncio.start_unix_server(speak, place)
        address: Any = place
    else:
        listening = await asyncio.start_server(speak, "127.0.0.1", 0)
        address = listening.sockets[0].getsockname()
    async with listening:
        yield address


async def test_b10_another_version_ends_it_at_once(
    socket_world: World,
) -> None:
    world = socket_world
    async with (
        world.server() as server,
        world.proxied(server) as (proxy, client),
        stranger(world, b'{"plugwire": 2, "event": "load"}\n') as address,
    ):
        proxy.target = address
        proxy.reset()
        with pytest.raises(Refused, match="version"):
            await client.receive(timeout=DEADLINE)
        assert proxy.accepted == 2
        with pytest.raises(Refused, match="version"):
            await client.send({})


async def test_b10_another_codec_ends_it_at_once(world: World) -> None:
    other = {"msgpack": "json", "json": "msgpack"}[world.format]
    server = world.server()
    await server.start()
    async with world.client() as client:
        await server.stop()
        async with world.server(codec=other) as changed:
            with pytest.raises(Refused, match="codec") as caught:
                await client.receive(timeout=DEADLINE)
            assert other in str(caught.value)
            assert changed.stats.connections == 0


async def test_b10_who_is_denied_is_not_heard_of_again(
    socket_world: World,
) -> None:
    world = socket_world
    async with (
        world.server() as server,
        world.proxied(server) as (proxy, client),
    ):

        @server.on_connect
        def _(info: ClientInfo) -> None:
            raise Denied("never again", "ask the owner")

        proxy.reset()
        with pytest.raises(Denied, match="never again"):
            await client.receive(timeout=DEADLINE)
        assert proxy.accepted == 2
        assert server.stats.refused == 1


CROWD = 1000
SERVE = """
import asyncio
from plugwire import Server
async def main():
    server = Server("load", settings=SETTINGS, max_connections=1200)
    async with server:
        print("ready", flush=True)
        while len(server.clients) < 1000:
            await asyncio.sleep(0.01)
        server.broadcast({"everybody": len(server.clients)})
        print("all", flush=True)
        await server.serve_forever()
asyncio.run(main())
"""


async def test_b10_a_thousand_come_back_to_a_server_that_was_killed(
    folder: Path,
) -> None:
    world = World("asyncio", "unix", "msgpack", folder / "run")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert hard == resource.RLIM_INFINITY or hard >= 2 * CROWD
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2 * CROWD), hard))
    try:
        crowd = [
            world.client(reconnect_delay=0.1, reconnect_cap=30)
            for _ in range(CROWD)
        ]
        try:
            async with world.child(SERVE) as first:
                assert await first.line() == "ready"
                await asyncio.gather(*(client.connect() for client in crowd))
                assert await first.line() == "all"
                for client in crowd:
                    await world.take(client, 1)
                first.process.kill()
                assert await first.ended() == -9
                await world.until(
                    lambda: not any(client.connected for client in crowd)
                )
            async with world.child(SERVE) as second:
                assert await second.line() == "ready"
                started = time.monotonic()
                assert await second.line() == "all"
                print(f"all back after {time.monotonic() - started:.1f} s")
                for client in crowd:
                    (message,) = await world.take(client, 1)
                    assert message.data == {"everybody": CROWD}
                    assert client.missed is None
        finally:
            await asyncio.gather(*(client.disconnect() for client in crowd))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
