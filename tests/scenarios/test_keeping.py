"""What is kept for who is not there yet: rows B7, C3."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from worlds import DEADLINE, World, numbers

from plugwire import ClientInfo, Denied


async def test_b7_the_first_client_gets_what_was_kept_in_order(
    world: World,
) -> None:
    async with world.server() as server:
        for number in range(5):
            assert server.broadcast({"i": number}) == 0
        assert server.kept == 5
        async with world.client() as client:
            server.broadcast({"i": 5})
            seen = await world.take(client, 6)
            assert numbers(seen) == list(range(6))
            assert [m.kept for m in seen] == [True] * 5 + [False]
            assert client.server is not None
            assert client.server.kept == 5
            assert server.kept == 0
            async with world.client() as second:
                server.broadcast({"i": 6})
                assert numbers(await world.take(second, 1)) == [6]
        await world.until(lambda: not server.has_clients)
        server.broadcast({"i": 7})
        assert server.kept == 1
        assert server.clear_kept() == 1
        assert server.kept == 0


async def test_b7_a_hundred_by_default_and_the_oldest_goes(
    world: World,
) -> None:
    async with world.server() as server:
        for number in range(150):
            server.broadcast({"i": number})
        assert server.kept == 100
        assert server.stats.dropped == 50
        async with world.client() as client:
            seen = await world.take(client, 100)
            assert numbers(seen) == list(range(50, 150))


@pytest.mark.parametrize(
    ("overrides", "kept"),
    [
        ({"queue": "none"}, 0),
        ({"fifo": {"size": 3}}, 3),
        ({"fifo": {"bytes": 1000}}, 1),
        ({"fifo": {"age": 3600.0}}, 5),
    ],
)
async def test_b7_size_bytes_age_and_off(
    world: World, overrides: dict[str, Any], kept: int
) -> None:
    async with world.server(**overrides) as server:
        for number in range(5):
            server.broadcast({"i": number, "fill": "x" * 500})
        assert server.kept == kept
        async with world.client() as client:
            server.broadcast({"i": 5})
            seen = await world.take(client, kept + 1)
            assert numbers(seen) == list(range(5 - kept, 6))


async def test_b7_what_is_left_when_the_first_dies_is_for_the_next(
    socket_world: World,
) -> None:
    world = socket_world
    total = 100
    async with world.server(
        permissions=["anyone"], max_message_bytes=1 << 20
    ) as server:
        for number in range(total):
            server.broadcast({"i": number, "fill": "x" * 80_000})
        async with world.raw(server) as raw:
            assert (await raw.join())["kept"] == total
            # It reads nothing of what it was promised, and dies.
            await world.until(lambda: server.kept < total)
        await world.until(lambda: not server.has_clients)
        left = server.kept
        assert 0 < left < total
        async with world.client(permissions=["anyone"]) as client:
            seen = await world.take(client, left)
            assert numbers(seen) == list(range(total - left, total))
            assert all(m.kept for m in seen)
            await world.until(lambda: not server.kept)


async def test_b7_sends_in_on_connect_follow_what_was_kept(
    world: World,
) -> None:
    async with world.server() as server:

        @server.on_connect
        async def _(client: ClientInfo) -> None:
            assert client.id is not None
            server.attach(client.id, "work")
            server.send(client.id, {"i": 10})
            await asyncio.sleep(0)
            server.send(client.id, {"i": 11})
            assert server.broadcast({"i": 2}) == 0

        server.broadcast({"i": 0})
        server.broadcast({"i": 1})
        async with world.client() as client:
            seen = await world.take(client, 5)
            assert numbers(seen) == [0, 1, 2, 10, 11]
            assert [m.kept for m in seen] == [True] * 3 + [False] * 2
            assert server.clients_in("work") == (1,)
            assert server.broadcast({"i": 3}, session="work") == 1
            assert numbers(await world.take(client, 1)) == [3]


async def test_c3_history_then_live_without_gap_or_double(
    world: World,
) -> None:
    async with world.server(
        queue="history", max_connections=50, outbox_messages=10_000
    ) as server:
        done = asyncio.Event()

        async def talk() -> None:
            number = 0
            while not done.is_set():
                for _ in range(7):
                    server.broadcast({"i": number})
                    number += 1
                await world.turn(server)

        talking = asyncio.create_task(talk())
        await world.until(lambda: server.kept == 30)

        async def newcomer() -> None:
            async with world.client() as client:
                seen = await world.take(client, 200)
                first = seen[0].data["i"]
                assert numbers(seen) == list(range(first, first + 200))
                assert [m.kept for m in seen] == [True] * 30 + [False] * 170

        for _ in range(3):
            await asyncio.gather(*(newcomer() for _ in range(10)))
        done.set()
        await talking


async def test_c3_a_snapshot_then_live_without_gap_or_double(
    world: World,
) -> None:
    async with world.server(
        queue="history", max_connections=50, outbox_messages=10_000
    ) as server:
        done = asyncio.Event()
        state = {"i": 0}
        asked: set[int | None] = set()
        # A blocking server's loop is in another thread than what is said.
        together = threading.Lock()

        @server.snapshot
        def _(client: ClientInfo) -> dict[str, int]:
            asked.add(client.id)
            with together:
                return dict(state)

        async def talk() -> None:
            while not done.is_set():
                for _ in range(7):
                    with together:
                        state["i"] += 1
                        server.broadcast(state)
                await world.turn(server)

        talking = asyncio.create_task(talk())

        async def newcomer() -> None:
            async with world.client() as client:
                seen = await world.take(client, 100)
                first = seen[0].data["i"]
                assert numbers(seen) == list(range(first, first + 100))
                assert not any(m.kept for m in seen)
                assert seen[0].seq is None

        for _ in range(3):
            await asyncio.gather(*(newcomer() for _ in range(10)))
        done.set()
        await talking
        assert asked == set(range(1, 31))


async def test_c3_a_snapshot_that_is_none_or_raises_leaves_the_history(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    async with world.server(queue="history") as server:
        server.broadcast({"i": 1})
        answers: list[Any] = [None, [1]]

        @server.snapshot
        def _(client: ClientInfo) -> Any:
            if answers:
                return answers.pop()
            raise RuntimeError("no snapshot today")

        for _ in range(3):
            async with world.client() as client:
                (message,) = await world.take(client, 1)
                assert (message.data, message.kept) == ({"i": 1}, True)
        assert "no snapshot today" in caplog.text


async def test_c3_the_program_may_turn_away_from_a_snapshot(
    world: World,
) -> None:
    async with world.server() as server:
        server.broadcast({"i": 1})

        @server.snapshot
        def _(client: ClientInfo) -> None:
            server.disconnect(client.id or 0, "not now")

        with pytest.raises(Denied, match="not now"):
            await world.client().connect()
        assert server.kept == 1
        assert not server.has_clients
        server.snapshot(lambda client: None)
        async with world.client() as client:
            message = await client.receive(timeout=DEADLINE)
            assert message.data == {"i": 1}
