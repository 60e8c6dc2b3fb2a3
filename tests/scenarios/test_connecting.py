"""A client finds its server, loses it, and finds it again: row B10."""

from __future__ import annotations

import asyncio

import pytest
from worlds import DEADLINE, World, numbers

from plugwire import (
    ClientInfo,
    ConnectionClosed,
    ConnectionFailed,
    Denied,
    PlugwireError,
    Server,
)


async def test_b10_a_restarted_server_is_found_again(world: World) -> None:
    server = world.server()
    await server.start()
    told: list[object] = []
    async with world.client() as client:
        client.on_disconnect(lambda c, reason: told.append(reason))
        client.on_reconnect(lambda c: told.append("again"))
        client.on_gap(lambda c, missed: told.append(missed))
        await client.attach("work")
        receiving = asyncio.create_task(client.receive())
        await server.stop()
        await world.until(lambda: not client.connected)
        with pytest.raises(ConnectionClosed, match="away"):
            await client.send({})
        await server.start()
        await world.until(lambda: client.connected)
        assert server.clients_in("work") == (client.client_id,)
        server.broadcast({"i": 1})
        assert numbers([await receiving]) == [1]
        await world.until(lambda: len(told) == 3)
        assert told == ["the server stops", "again", None]
        assert client.missed is None
    await world.until(lambda: len(told) == 4)
    assert told[-1] == "disconnected"
    await server.stop()


def _gate(world: World, server: Server) -> asyncio.Event:
    """Nobody joins until it is set."""
    gate = world.Event()

    @server.on_connect
    async def _(info: ClientInfo) -> None:
        await gate.wait()

    return gate


async def test_b10_what_was_missed_within_an_incarnation_is_counted(
    world: World,
) -> None:
    async with world.server() as server, world.client() as client:
        gaps: list[int | None] = []
        client.on_gap(lambda c, missed: gaps.append(missed))
        async with world.client():
            server.broadcast({"i": 1})
            await world.take(client, 1)
            back = _gate(world, server)
            world.crash(client)
            await world.until(lambda: len(server.clients) == 1)
            server.broadcast({"i": 2})
            server.broadcast({"i": 3})
            receiving = asyncio.create_task(client.receive())
            back.set()
            await world.until(lambda: len(server.clients) == 2)
            server.broadcast({"i": 4})
            assert numbers([await receiving]) == [4]
            await world.until(lambda: gaps)
            assert gaps == [client.missed] == [2]


async def test_b10_history_fills_what_was_missed(world: World) -> None:
    async with (
        world.server(queue="history") as server,
        world.client() as client,
    ):
        server.broadcast({"i": 1})
        await world.take(client, 1)
        back = _gate(world, server)
        world.crash(client)
        await world.until(lambda: not server.clients)
        server.broadcast({"i": 2})
        server.broadcast({"i": 3})
        receiving = asyncio.create_task(client.receive())
        back.set()
        await world.until(lambda: server.clients)
        server.broadcast({"i": 4})
        seen = [await receiving, *await world.take(client, 2)]
        assert numbers(seen) == [2, 3, 4]
        assert [m.kept for m in seen] == [True, True, False]
        assert client.missed == 0


async def test_b10_tries_run_out_with_the_last_cause(world: World) -> None:
    server = world.server()
    await server.start()
    async with world.client(reconnect_tries=3) as client:
        await server.stop()
        with pytest.raises(ConnectionFailed, match="after 3 tries") as caught:
            await client.receive(timeout=DEADLINE)
        assert isinstance(caught.value.__cause__, PlugwireError)
        assert str(caught.value.__cause__) in str(caught.value)
        with pytest.raises(ConnectionFailed, match="after 3 tries"):
            async for _ in client:
                pass
        await server.start()
        await client.disconnect()
        await client.connect()
        await client.disconnect()
        await server.stop()


async def test_b10_disconnect_while_it_waits_to_try_again(
    world: World,
) -> None:
    server = world.server()
    await server.start()
    client = world.client(reconnect_delay=3600, reconnect_cap=3600)
    await client.connect()
    receiving = asyncio.create_task(client.receive())
    await server.stop()
    await world.until(lambda: not client.connected)
    async with asyncio.timeout(DEADLINE):
        await client.disconnect()
    with pytest.raises(ConnectionClosed, match="disconnected"):
        await receiving


async def test_b10_without_reconnect_it_ends_at_once(world: World) -> None:
    server = world.server()
    await server.start()
    async with world.client(reconnect=False) as client:
        await server.stop("for the night")
        with pytest.raises(ConnectionClosed, match="for the night") as caught:
            await client.receive(timeout=DEADLINE)
        assert not caught.value.final


async def test_b10_a_refusal_that_will_not_change_ends_it(
    world: World,
) -> None:
    async with world.server() as server, world.client() as client:

        @server.on_connect
        def _(info: ClientInfo) -> None:
            raise Denied("never again")

        world.crash(client)
        with pytest.raises(Denied, match="never again"):
            await client.receive(timeout=DEADLINE)


async def test_b10_a_full_server_is_tried_again(world: World) -> None:
    async with (
        world.server() as server,
        world.clients(2) as crowd,
        world.listening(crowd[0]),
        world.listening(crowd[1]),
    ):
        await server.stop()
        async with world.server(max_connections=1) as small:
            await world.until(lambda: small.has_clients)
            await world.until(lambda: small.stats.refused > 2)
            (first,) = [client for client in crowd if client.connected]
            (second,) = [client for client in crowd if not client.connected]
            await first.disconnect()
            await world.until(lambda: second.connected)


async def test_b10_nobody_there_fails_in_time_and_says_where(
    world: World,
) -> None:
    client = world.client(default_timeout=0.05)
    with pytest.raises(ConnectionFailed, match="default_timeout") as caught:
        await client.connect()
    assert caught.value.address
    assert isinstance(caught.value.__cause__, PlugwireError)


async def test_b10_connect_waits_for_a_server_that_is_being_started(
    world: World,
) -> None:
    client = world.client()
    connecting = asyncio.create_task(client.connect())
    await asyncio.sleep(0)
    async with world.server():
        await connecting
        assert client.connected
        await client.disconnect()


async def test_b10_disconnect_stops_a_connect_under_way(world: World) -> None:
    client = world.client()
    connecting = asyncio.create_task(client.connect())
    while not connecting.done():
        await asyncio.sleep(0)
        await client.disconnect()
    with pytest.raises(ConnectionClosed, match="while it was connecting"):
        await connecting
    async with world.server() as server:
        await client.connect()
        assert server.has_clients
        await client.disconnect()
