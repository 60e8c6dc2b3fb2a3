"""Clients come, are known, and go: rows A4, A6, A7, A8, A10, A12, B3, B6."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress

import pytest
from worlds import DEADLINE, World, numbers

from plugwire import (
    Client,
    ClientGone,
    ClientInfo,
    ConnectionClosed,
    Denied,
    Message,
    Refused,
    RequestFailed,
    TooManyConnections,
    ValidationFailed,
)


async def test_a4_a_hanging_handler_costs_its_client_alone(
    world: World,
) -> None:
    async with world.server() as server:
        entered, go = world.Event(), world.Event()

        @server.on_message
        async def _(client: ClientInfo, message: Message) -> dict[str, int]:
            if message.data.get("hang"):
                entered.set()
                await go.wait()
            return {"id": client.id or 0}

        async with world.client() as one, world.client() as other:
            await one.send({"hang": True})
            await entered.wait()
            answer = await other.request({})
            assert answer.data == {"id": other.client_id}
            server.broadcast({"i": 1})
            assert numbers(await world.take(one, 1)) == [1]
            await one.disconnect()
            assert (await other.request({})).data == {"id": other.client_id}
            go.set()


async def test_a4_a_raising_handler_is_answered_and_the_connection_stays(
    world: World,
) -> None:
    async with world.server() as server:

        @server.on_message
        def _(client: ClientInfo, message: Message) -> None:
            raise ValueError("not today")

        async with world.client() as client:
            with pytest.raises(RequestFailed, match="not today"):
                await client.request({})
            await client.send({})
            (failed,) = await world.take(client, 1)
            assert failed.message_type == "error"
            assert failed.data["reason"] == "not today"
            server.broadcast({"i": 1})
            assert numbers(await world.take(client, 1)) == [1]


async def test_a4_on_connect_that_raises_refuses_that_client(
    world: World,
) -> None:
    async with world.server() as server:
        left: list[int | None] = []
        trouble: list[Exception] = []

        @server.on_connect
        async def _(client: ClientInfo) -> None:
            await asyncio.sleep(0)
            if trouble:
                raise trouble.pop()

        server.on_disconnect(lambda client, reason: left.append(client.id))
        async with world.client() as client:
            for error, words in (
                (Denied("no room for you", "ask another day"), "another day"),
                (RuntimeError("secret words"), "turned the client away"),
            ):
                trouble.append(error)
                with pytest.raises(Denied, match=words):
                    await world.client().connect()
            assert tuple(server.clients) == (client.client_id,)
            assert server.stats.refused == 2
            server.broadcast({"i": 1})
            assert numbers(await world.take(client, 1)) == [1]
        await world.until(lambda: left)
        assert left == [1]


async def test_a4_on_connect_that_hangs_is_refused_in_time(
    world: World,
) -> None:
    async with world.server(handshake_timeout=0.05) as server:
        go = world.Event()

        @server.on_connect
        async def _(client: ClientInfo) -> None:
            await go.wait()

        with pytest.raises(Refused, match="handshake_timeout"):
            await world.client().connect()
        assert not server.has_clients
        go.set()


async def test_a6_ids_count_up_from_one_and_are_never_reused(
    world: World,
) -> None:
    async with world.server() as server:
        for number in (1, 2, 3):
            async with world.client() as client:
                assert client.client_id == number
                assert len(server.clients) == 1
            assert client.client_id is None
            await world.until(lambda: not server.has_clients)
            assert len(server.clients) == 0


async def test_a7_a_client_is_in_one_session_at_a_time(world: World) -> None:
    async with (
        world.server() as server,
        world.client() as one,
        world.client() as two,
    ):
        first, second = one.client_id, two.client_id
        assert first is not None
        assert second is not None
        assert server.clients_in("work") == ()
        await one.attach("work")
        server.attach(second, "work")
        assert server.clients_in("work") == (first, second)
        assert server.clients[first].session == "work"
        await one.attach("play")
        assert server.clients_in("work") == (second,)
        assert server.clients_in("play") == (first,)
        await two.detach()
        server.detach(first)
        server.detach(first)
        assert server.clients_in("work") == server.clients_in("play") == ()
        assert server.clients[first].session is None


async def test_a7_who_leaves_is_gone_from_its_session_at_once(
    world: World,
) -> None:
    async with world.server() as server:
        # Of two clients' handlers, either may be the first.
        seen: dict[int | None, tuple[int, ...]] = {}

        @server.on_disconnect
        def _(client: ClientInfo, reason: str) -> None:
            seen[client.id] = server.clients_in("work")

        async with world.client() as one, world.client() as two:
            await one.attach("work")
            await two.attach("work")
            ids = one.client_id, two.client_id
            server.disconnect(one.client_id or 0, "enough")
            assert server.clients_in("work") == (two.client_id,)
            assert server.broadcast({}, session="work") == 1
        await world.until(lambda: len(seen) == 2)
        assert seen[ids[1]] == ()
        assert ids[0] not in seen[ids[0]]


async def test_a7_sessions_follow_the_rule_of_names(world: World) -> None:
    async with world.server() as server, world.client() as client:
        for wrong in ("", "a b", "x" * 65):
            with pytest.raises(ValidationFailed):
                await client.attach(wrong)
            with pytest.raises(ValidationFailed):
                server.attach(client.client_id or 0, wrong)
            with pytest.raises(ValidationFailed):
                server.broadcast({}, session=wrong)


async def test_a8_one_client_one_session_all_but_some(world: World) -> None:
    async with world.server() as server, world.clients(3) as (one, two, three):
        await one.attach("work")
        await two.attach("work")
        server.send(three.client_id or 0, {"i": 1})
        assert server.broadcast({"i": 2}, session="work") == 2
        assert server.broadcast({"i": 3}, session="nobody") == 0
        assert server.broadcast({"i": 4}, exclude=[one.client_id or 0]) == 2
        assert (
            server.broadcast(
                {"i": 5}, session="work", exclude=[two.client_id or 0]
            )
            == 1
        )
        assert server.broadcast({"i": 6}, exclude=[999]) == 3
        assert numbers(await world.take(one, 3)) == [2, 5, 6]
        assert numbers(await world.take(two, 3)) == [2, 4, 6]
        assert numbers(await world.take(three, 3)) == [1, 4, 6]


async def test_a8_a_send_to_who_has_gone_says_so(world: World) -> None:
    async with world.server() as server:
        async with world.client() as client:
            gone = client.client_id or 0
            server.send(gone, {})
        await world.until(lambda: not server.has_clients)
        for act in (
            lambda: server.send(gone, {}),
            lambda: server.send(999, {}),
            lambda: server.attach(gone, "work"),
            lambda: server.detach(gone),
            lambda: server.disconnect(gone, "why not"),
        ):
            with pytest.raises(ClientGone) as caught:
                act()
            assert caught.value.client_id in (gone, 999)
        assert server.clients == {}


async def test_a10_coming_sending_and_leaving_at_once_harms_nobody(
    world: World,
) -> None:
    async with world.server(max_connections=50) as server:
        server.on_message(lambda client, message: message.data)
        done = asyncio.Event()

        async def churn(seed: int) -> None:
            dice = random.Random(seed)
            for turn in range(8):
                async with world.client() as client:
                    await client.attach(f"room{dice.randrange(3)}")
                    answer = await client.request({"i": turn})
                    assert numbers([answer]) == [turn]
                    if dice.random() < 0.3:
                        await client.detach()

        async def talk() -> None:
            number = 0
            while not done.is_set():
                number += 1
                server.broadcast({"i": number})
                server.broadcast({"room": number}, session="room1")
                for client_id in tuple(server.clients):
                    with suppress(ClientGone):
                        server.send(client_id, {"one": number})
                await server.flush()
                await asyncio.sleep(0)

        async with world.client() as witness:
            talking = asyncio.create_task(talk())
            reading = asyncio.create_task(_broadcasts(witness, 200))
            await asyncio.gather(*(churn(seed) for seed in range(8)))
            seen = await reading
            done.set()
            await talking
            assert seen == list(range(seen[0], seen[0] + len(seen)))
            await world.until(lambda: len(server.clients) == 1)
        assert server.stats.connections == 8 * 8 + 1


async def _broadcasts(client: Client, count: int) -> list[int]:
    seen: list[int] = []
    async for message in client:
        if "i" in message.data:
            seen.append(message.data["i"])
        if len(seen) == count:
            break
    return seen


async def test_a12_a_hundred_come_go_and_crash_and_every_slot_is_free_again(
    world: World,
) -> None:
    async with world.server(max_connections=100) as server:
        gone: list[int | None] = []
        server.on_disconnect(lambda client, reason: gone.append(client.id))
        for turn in range(3):
            async with world.clients(100, reconnect=False) as crowd:
                assert len(server.clients) == 100
                with pytest.raises(TooManyConnections):
                    await world.client().connect()
                assert server.broadcast({"i": turn}) == 100
                for client in crowd:
                    assert numbers(await world.take(client, 1)) == [turn]
                for client in crowd[::2]:
                    world.crash(client)
                await world.until(lambda: len(server.clients) == 50)
            await world.until(lambda: not server.clients)
        await world.until(lambda: len(gone) == 300)
        assert sorted(number or 0 for number in gone) == list(range(1, 301))


async def test_b3_a_server_says_what_it_is_and_who_is_there(
    world: World,
) -> None:
    server = world.server("status")
    assert server.event_name == "status"
    assert not server.running
    assert server.addresses == {}
    assert server.clients == {}
    heard: list[tuple[object, ...]] = []
    server.on_connect(lambda client: heard.append(("came", client.id)))
    server.on_disconnect(
        lambda client, reason: heard.append(("left", client.id, reason))
    )
    await server.start()
    assert server.running
    assert server.addresses["main"].startswith(f"{world.transport}:")
    async with world.client("status") as client:
        (info,) = server.clients.values()
        assert info.id == client.client_id == 1
        assert info.door == "main"
        assert info.peer.transport == world.transport
        assert (info.session, info.queued, info.dropped) == (None, 0, 0)
        server.send(1, {"one": 1})
        await world.take(client, 1)
        server.disconnect(1, "it is late")
        with pytest.raises(ConnectionClosed, match="it is late") as caught:
            await client.receive(timeout=DEADLINE)
        assert caught.value.final
        assert not client.connected
    await world.until(lambda: len(heard) == 2)
    assert heard == [("came", 1), ("left", 1, "it is late")]
    await server.stop()
    assert not server.running


async def test_b6_one_too_many_is_told_and_a_slot_is_usable_at_once(
    world: World,
) -> None:
    async with world.server(max_connections=2) as server:
        async with world.clients(2) as (one, two):
            with pytest.raises(
                TooManyConnections, match=r"full: 2 .*max_connections"
            ):
                await world.client().connect()
            await one.disconnect()
            async with world.client() as three:
                assert three.client_id is not None
                server.disconnect(two.client_id or 0, "make room")
                async with world.client() as four:
                    server.broadcast({"i": 1})
                    assert numbers(await world.take(three, 1)) == [1]
                    assert numbers(await world.take(four, 1)) == [1]
        assert server.stats.refused == 1


async def test_b6_senders_have_slots_of_their_own(world: World) -> None:
    async with (
        world.server(max_connections=1, service_connections=1) as server,
        world.client(),
        world.client(receive=False) as sender,
    ):
        server.on_message(lambda client, message: {"id": client.id})
        with pytest.raises(TooManyConnections, match="service_connections"):
            await world.client(receive=False).connect()
        assert (await sender.request({})).data == {"id": None}


async def test_a_sender_counts_nowhere(world: World) -> None:
    async with world.server() as server:
        heard: list[ClientInfo] = []
        server.on_connect(heard.append)
        server.on_disconnect(lambda client, reason: heard.append(client))
        server.on_message(lambda client, message: {"echo": message.data})
        server.broadcast({"early": 1})
        async with world.client(receive=False) as sender:
            assert sender.client_id is None
            assert sender.can_send
            assert not server.has_clients
            assert server.clients == {}
            assert server.broadcast({"i": 1}) == 0
            assert server.kept == 2
            answer = await sender.request({"i": 2})
            assert answer.data == {"echo": {"i": 2}}
            with pytest.raises(Denied, match="sender"):
                await sender.attach("work")
            assert sender.buffered == 0
        async with world.client():
            await world.until(lambda: heard)
        await world.until(lambda: len(heard) == 2)
        assert [client.id for client in heard] == [1, 1]
