"""What only threads have: a call that blocks, and another thread that ends
it, or goes on beside it; a server that takes the caller's thread."""

from __future__ import annotations

import asyncio
from itertools import chain

import pytest
from worlds import DEADLINE, World, numbers

from plugwire import ClientInfo, ConnectionClosed, Message

pytestmark = pytest.mark.parametrize("face", ["threads"])


async def test_b8_blocking_mode_takes_the_callers_thread(
    world: World,
) -> None:
    server = world.server(blocking_mode=True)
    starting = asyncio.create_task(server.start())
    async with world.client(reconnect=False) as client:
        assert server.running
        assert not starting.done()
        server.broadcast({"i": 1})
        assert numbers(await world.take(client, 1)) == [1]
        await server.stop()
        async with asyncio.timeout(DEADLINE):
            await starting
    assert not server.running


async def test_b4_disconnect_wakes_whoever_receives(world: World) -> None:
    async with world.server():
        client = world.client()
        await client.connect()
        receiving = [asyncio.create_task(client.receive()) for _ in range(4)]
        await asyncio.sleep(0.01)  # most of them are at it
        await client.disconnect()
        for one in receiving:
            with pytest.raises(ConnectionClosed, match="disconnected"):
                await one


async def test_b4_several_receive_ask_and_send_at_once(world: World) -> None:
    total = 100
    async with world.server() as server, world.client() as client:
        heard: list[int] = []

        @server.on_message
        def _(info: ClientInfo, message: Message) -> dict[str, int]:
            if "said" in message.data:
                heard.append(message.data["said"])
            return {"i": message.data.get("i", 0)}

        receiving = [
            asyncio.create_task(world.take(client, total)) for _ in range(3)
        ]

        async def ask(number: int) -> None:
            assert numbers([await client.request({"i": number})]) == [number]
            await client.send({"said": number})

        asking = [asyncio.create_task(ask(n)) for n in range(20)]
        for number in range(3 * total):
            server.broadcast({"i": number})
        await asyncio.gather(*asking)
        parts = [numbers(await one) for one in receiving]
        assert all(part == sorted(part) for part in parts)
        assert sorted(chain(*parts)) == list(range(3 * total))
        await world.until(lambda: len(heard) == 20)
        assert sorted(heard) == list(range(20))


async def test_a4_handlers_that_block_cost_their_clients_alone(
    world: World,
) -> None:
    async with world.server(handler_threads=4) as server:
        go = world.Event()

        @server.on_message
        async def _(client: ClientInfo, message: Message) -> None:
            if message.data.get("block"):
                await go.wait()

        async with world.clients(3) as crowd, world.client() as other:
            for client in crowd:
                await client.send({"block": True})
            await other.request({})
            assert server.broadcast({"i": 1}) == 4
            assert numbers(await world.take(crowd[0], 1)) == [1]
            go.set()
            for client in crowd:
                await client.request({})
