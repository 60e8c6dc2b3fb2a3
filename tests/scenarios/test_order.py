"""Many threads, many clients: one order, none lost, none doubled."""

from __future__ import annotations

import asyncio
import threading

import pytest
from worlds import World

from plugwire import ClientInfo, Message

THREADS = 8
EACH = 40
TOTAL = THREADS * EACH


WORLDS = pytest.mark.parametrize(
    ("transport", "codec"),
    [("unix", "msgpack"), ("tcp", "json"), ("memory", "msgpack")],
)
"""Each transport and each codec once: these take their time."""


def _said(messages: list[Message]) -> list[tuple[int, int]]:
    return [(m.data["t"], m.data["i"]) for m in messages]


@WORLDS
async def test_b8_eight_threads_and_a_hundred_clients_have_one_order(
    world: World,
) -> None:
    async with (
        world.server(max_connections=100, outbox_messages=10_000) as server,
        world.clients(100) as crowd,
    ):
        begin = threading.Barrier(THREADS)
        heard_by: list[int] = []

        def talk(thread: int) -> None:
            begin.wait()
            for number in range(EACH):
                heard_by.append(server.broadcast({"t": thread, "i": number}))

        hearing = [
            asyncio.create_task(world.take(client, TOTAL)) for client in crowd
        ]
        talking = [
            threading.Thread(target=talk, args=(number,))
            for number in range(THREADS)
        ]
        for thread in talking:
            thread.start()
        orders = [_said(seen) for seen in await asyncio.gather(*hearing)]
        for thread in talking:
            thread.join()
        assert heard_by == [100] * TOTAL
        assert all(order == orders[0] for order in orders)
        for number in range(THREADS):
            own = [i for thread, i in orders[0] if thread == number]
            assert own == list(range(EACH))
        server.broadcast({"t": -1, "i": -1})  # nothing else is on its way
        for client in crowd:
            assert _said(await world.take(client, 1)) == [(-1, -1)]
            assert client.missed == 0
        assert server.stats.dropped == server.stats.lost == 0


@WORLDS
async def test_b8_unicasts_of_threads_keep_their_place_among_broadcasts(
    world: World,
) -> None:
    # What one thread says, to all or to one, each client gets in its order.
    async with (
        world.server(outbox_messages=10_000) as server,
        world.clients(4) as crowd,
    ):
        ids = [client.client_id or 0 for client in crowd]

        def talk(thread: int) -> None:
            for number in range(EACH):
                server.broadcast({"t": thread, "i": 2 * number})
                to = ids[number % len(ids)]
                server.send(to, {"t": thread, "i": 2 * number + 1})

        talking = [
            threading.Thread(target=talk, args=(number,))
            for number in range(THREADS)
        ]
        for thread in talking:
            thread.start()
        for place, client in enumerate(crowd):
            count = TOTAL + TOTAL // len(ids)
            said = _said(await world.take(client, count))
            wanted = [
                i
                for number in range(EACH)
                for i in (2 * number, 2 * number + 1)
                if i % 2 == 0 or number % len(ids) == place
            ]
            for number in range(THREADS):
                assert [i for t, i in said if t == number] == wanted
        for thread in talking:
            thread.join()


@WORLDS
async def test_one_connection_is_first_in_first_out_each_way(
    world: World,
) -> None:
    async with world.server() as server, world.client() as client:
        heard: list[tuple[str, int]] = []

        @server.on_message
        def _(info: object, message: Message) -> dict[str, int]:
            heard.append((message.data["kind"], message.data["i"]))
            return {"i": message.data["i"]}

        for number in range(200):
            if number % 3:
                await client.send({"kind": "send", "i": number})
            else:
                answer = await client.request({"kind": "ask", "i": number})
                assert answer.data == {"i": number}
        await world.until(lambda: len(heard) == 200)
        assert [i for _, i in heard] == list(range(200))


@WORLDS
async def test_a_send_waits_while_the_server_reads_nothing(
    world: World,
) -> None:
    fill = "x" * 60_000
    async with (
        world.server(handler_queue=1) as server,
        world.client() as client,
        world.client() as other,
    ):
        heard: list[int] = []
        go = world.Event()

        @server.on_message
        async def _(info: ClientInfo, message: Message) -> None:
            if "i" in message.data:
                await go.wait()
                heard.append(message.data["i"])

        async def talk() -> None:
            for number in range(500):  # more than all buffers hold
                await client.send({"i": number, "fill": fill})

        talking = asyncio.create_task(talk())
        for _ in range(50):
            await other.request({})  # so long, and nothing comes of it
        assert not talking.done()
        go.set()
        await talking
        await world.until(lambda: len(heard) == 500)
        assert heard == list(range(500))


@WORLDS
async def test_what_waits_for_a_slow_handler_is_bounded_in_bytes(
    world: World,
) -> None:
    sizes = [60_000, 10, 250_000]  # the last is over the limit by itself
    async with (
        world.server(handler_bytes=100_000) as server,
        world.client() as client,
        world.client() as other,
    ):
        heard: list[int] = []
        go = world.Event()

        @server.on_message
        async def _(info: ClientInfo, message: Message) -> None:
            if "i" in message.data:
                await go.wait()
                assert (
                    len(message.data["fill"]) == sizes[message.data["i"] % 3]
                )
                heard.append(message.data["i"])

        async def talk() -> None:
            for number in range(150):  # more than all buffers hold
                fill = "x" * sizes[number % 3]
                await client.send({"i": number, "fill": fill})

        talking = asyncio.create_task(talk())
        asked = 50
        for _ in range(asked):
            await other.request({})  # so long, and no more is read
        assert not talking.done()
        # The one in hand, those of the limit, and those of one more read.
        assert 1 <= server.stats.received - asked <= 12
        go.set()
        await talking
        await world.until(lambda: len(heard) == 150)
        assert heard == list(range(150))


@WORLDS
async def test_on_disconnect_comes_last_though_a_handler_takes_its_time(
    world: World,
) -> None:
    async with world.server() as server:
        told: list[str] = []
        begun, go = world.Event(), world.Event()

        @server.on_message
        async def _(info: ClientInfo, message: Message) -> None:
            begun.set()
            try:
                await go.wait()
            finally:  # a coroutine is cancelled, and may tidy up
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                told.append("handled")

        server.on_disconnect(lambda info, reason: told.append(reason))
        async with world.client(reconnect=False) as client:
            await client.send({})
            await begun.wait()
            world.crash(client)
            await world.until(lambda: not server.clients)
            assert told[:1] in ([], ["handled"])
            go.set()
            await world.until(lambda: len(told) == 2)
            assert told[0] == "handled"
            await client.disconnect()
