"""Lag in full: what is dropped, what never is, what is told of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import pytest
from worlds import ALL_LOOPS, DEADLINE, PORTS, World, numbers, total

from plugwire import (
    Client,
    ClientGone,
    ClientInfo,
    ConnectionClosed,
    Message,
    MessageType,
    Server,
)

DROPPING = ["drop_oldest", "drop_newest", "keep_latest"]
POLICIES = ["disconnect", *DROPPING]
ALL_TYPES = tuple(MessageType)
WORLDS = pytest.mark.parametrize(
    ("transport", "codec"),
    [("unix", "msgpack"), ("tcp", "json"), ("memory", "msgpack")],
)
"""Each transport and each codec once: these take their time."""
FILLER = "x" * 30_000
"""A socket's buffers hold few of these."""


async def jam(world: World, server: Server, *ids: int | None) -> int:
    """Broadcast until something is queued for each of `ids`; how many."""
    said = 0

    def lags(number: int | None) -> bool:
        info = server.clients.get(number or 0)
        return info is None or info.queued > 0  # it may be gone for it

    while not all(map(lags, ids)):
        server.broadcast({"i": said, "fill": FILLER})
        said += 1
        await world.turn(server)
        assert said < 10_000, "nobody lagged"
    return said


async def until_end(client: Client) -> list[Message]:
    """What comes before the CONTROL message that ends it, which no policy
    drops: all that was said before is here, or was told as missing."""
    seen: list[Message] = []
    while True:
        message = await client.receive(timeout=DEADLINE)
        if message.message_type is MessageType.CONTROL:
            return seen
        seen.append(message)


def end(server: Server) -> None:
    server.broadcast({"end": True}, message_type="control")


def strictly_rising(found: list[int]) -> bool:
    return found == sorted(set(found))


@pytest.mark.parametrize("limit", ["messages", "bytes"])
@pytest.mark.parametrize("lag", DROPPING)
@WORLDS
async def test_received_and_missed_are_all_that_was_said(
    world: World, lag: str, limit: str
) -> None:
    limits: dict[str, Any] = {"outbox_messages": 24}
    if limit == "bytes":
        limits = {"outbox_bytes": 24 * len(FILLER)}
    async with (
        world.server(lag=lag, **limits) as server,
        world.client(buffer_size=1, message_types=ALL_TYPES) as client,
    ):
        gaps: list[int | None] = []
        client.on_gap(lambda c, missed: gaps.append(missed))
        said, seen = 0, []
        for _ in range(2):  # what was told once is not told again
            jammed = await jam(world, server, client.client_id)
            for number in range(jammed, jammed + 60):
                server.broadcast({"i": number, "fill": FILLER})
                if number % 7 == 0:
                    await world.turn(server)
            said += jammed + 60
            end(server)
            turn = numbers(await until_end(client))
            assert strictly_rising(turn)
            if lag != "drop_newest":
                assert turn[-1] == jammed + 59
            seen += turn
        assert client.missed == said - len(seen) > 0
        await world.until(lambda: total(gaps) == client.missed)
        (info,) = server.clients.values()
        assert info.dropped == server.stats.dropped == client.missed
        assert info.sent == len(seen) + 2
        assert client.connected


@pytest.mark.parametrize("lag", DROPPING)
@pytest.mark.parametrize("codec", ["json"])  # the peer reads lines
async def test_a_gap_stands_where_the_messages_are_missing(
    socket_world: World, lag: str
) -> None:
    world = socket_world
    async with (
        world.server(
            lag=lag, outbox_messages=24, permissions=["anyone"]
        ) as server,
        world.raw(server) as raw,
    ):
        await raw.join()
        said = await jam(world, server, 1)
        for number in range(said, said + 90):
            # Unicasts, which have no `seq`, and what may not be dropped.
            if number % 3 == 0:
                server.send(1, {"i": number, "fill": FILLER})
            elif number % 20 == 1:
                server.send(1, {"i": number}, message_type="error")
            else:
                server.broadcast(
                    {"i": number, "fill": FILLER},
                    event_name="other" if number % 2 else None,
                )
            await world.turn(server)
        server.broadcast({"i": said + 90}, message_type="control")
        expected = gaps = seq = 0
        while expected <= said + 90:
            line = await raw.line()
            if line.get("op") == "gap":
                missed = line["data"]["missed"]
                expected += missed
                gaps += 1
                if "seq" in line:
                    assert line["seq"] > seq
                    seq = line["seq"]
                continue
            assert line["data"]["i"] == expected
            if "seq" in line:
                assert line["seq"] > seq
                seq = line["seq"]
            expected += 1
        assert gaps
        assert seq == server.stats.broadcasts


@pytest.mark.parametrize("lag", POLICIES)
@WORLDS
async def test_control_errors_and_replies_are_never_dropped(
    world: World, lag: str
) -> None:
    async with (
        world.server(lag=lag, outbox_messages=64) as server,
        world.client(buffer_size=1, message_types=ALL_TYPES) as client,
    ):
        heard: list[Message] = []

        @server.on_message
        def _(info: ClientInfo, message: Message) -> dict[str, Any]:
            heard.append(message)
            return message.data

        number = client.client_id or 0
        said = await jam(world, server, number)
        asking = [
            asyncio.create_task(client.request({"i": i})) for i in range(10)
        ]
        await world.until(lambda: len(heard) == 10)
        for i in range(10):
            server.send(number, {"e": i}, message_type="error")
            server.broadcast({"c": i}, message_type="control")
        if lag != "disconnect":
            for i in range(said, said + 200):
                server.broadcast({"i": i, "fill": FILLER})
        server.broadcast({"last": True}, message_type="control")
        marked: list[Message] = []
        while not marked or "last" not in marked[-1].data:
            message = await client.receive(timeout=DEADLINE)
            if message.message_type is not MessageType.DATA:
                marked.append(message)
        marked.pop()
        assert [message.data for message in marked] == [
            {kind: i} for i in range(10) for kind in "ec"
        ]
        answers = await asyncio.gather(*asking)
        assert numbers(answers) == list(range(10))
        assert (client.missed == 0) == (lag == "disconnect")
        assert server.stats.overfull == 0


@pytest.mark.parametrize("limit", ["messages", "bytes"])
@pytest.mark.parametrize("lag", POLICIES)
@WORLDS
async def test_what_may_not_be_dropped_and_does_not_fit_ends_the_client(
    world: World, lag: str, limit: str
) -> None:
    limits: dict[str, Any] = {"outbox_messages": 16}
    if limit == "bytes":
        limits = {"outbox_bytes": 8 * len(FILLER)}
    async with (
        world.server(lag=lag, **limits) as server,
        world.client(buffer_size=1, reconnect=False) as client,
    ):
        reasons: list[str] = []
        server.on_disconnect(lambda info, reason: reasons.append(reason))
        number = client.client_id or 0
        await jam(world, server, number)
        told = 0
        while server.has_clients:
            server.broadcast({"e": told, "fill": FILLER}, message_type="error")
            told += 1
            await world.turn(server)
            assert told < 1000
        await world.until(lambda: reasons)
        assert reasons == ["it did not keep up: its outbox is full (lag)"]
        assert server.stats.overfull == 1
        seen: list[Message] = []
        with pytest.raises(ConnectionClosed):
            await world.drain(client, seen)
        assert not client.connected


@pytest.mark.parametrize(
    "queue", [{"queue": "none"}, {"queue": "history", "history": {"size": 9}},
              {"queue": "history", "history": {"size": 5000}}]
)  # fmt: skip
@pytest.mark.parametrize("cause", ["overfull", "stalled"])
@WORLDS
async def test_after_a_lag_disconnect_it_comes_back_and_knows_what_it_missed(
    world: World, cause: str, queue: dict[str, Any]
) -> None:
    limits: dict[str, Any] = {"outbox_messages": 16}
    if cause == "stalled":
        limits = {"lag_grace": 0.02}
    async with (
        world.server(**limits, **queue) as server,
        world.client(buffer_size=1, message_types=ALL_TYPES) as client,
    ):
        gaps: list[int | None] = []
        client.on_gap(lambda c, missed: gaps.append(missed))
        said = await jam(world, server, client.client_id)
        while cause == "stalled" and server.has_clients:
            # What waited may have gone out after all, to a slow thread.
            if not any(info.queued for info in server.clients.values()):
                server.broadcast({"i": said, "fill": FILLER})
                said += 1
            await world.turn(server)
            await asyncio.sleep(0.002)
        while cause == "overfull" and server.has_clients:
            server.broadcast({"i": said, "fill": FILLER})
            said += 1
            await world.turn(server)
        assert getattr(server.stats, cause) == 1
        for number in range(said, said + 20):
            server.broadcast({"i": number, "fill": FILLER})
        said += 20
        # It reads on, to the end and beyond.
        reading = asyncio.create_task(until_end(client))
        await world.until(lambda: server.has_clients)
        end(server)
        seen = await reading
        assert strictly_rising(numbers(seen))
        assert client.missed == said - len(seen)
        await world.until(lambda: total(gaps) == client.missed)
        size = queue.get("history", {"size": 0})["size"]
        kept = [m for m in seen if m.kept]
        assert len(kept) == min(size, len(kept) + (client.missed or 0))
        assert (client.missed == 0) == (size == 5000)


@pytest.mark.parametrize("queue", ["history", "none"])
@pytest.mark.parametrize("lag", DROPPING)
@WORLDS
async def test_what_was_told_as_missing_is_not_handed_out_or_told_again(
    world: World, lag: str, queue: str
) -> None:
    async with (
        world.server(lag=lag, outbox_messages=8, queue=queue) as server,
        world.client(buffer_size=1) as client,
        world.client() as other,
    ):
        number = client.client_id
        reading = asyncio.create_task(world.drain(other, []))
        said = await jam(world, server, number)
        while not server.clients[number or 0].dropped:
            server.broadcast({"i": said, "fill": FILLER})
            said += 1
            await world.turn(server)
        dropped = server.clients[number or 0].dropped
        seen = numbers(await world.take(client, said - dropped))
        await world.until(lambda: client.missed == dropped)
        world.crash(client)
        await world.until(lambda: number not in server.clients)
        receiving = asyncio.create_task(client.receive(timeout=DEADLINE))
        await world.until(lambda: len(server.clients) == 2)
        server.broadcast({"i": said})
        seen += numbers([await receiving])
        assert seen[-1] == said
        assert strictly_rising(seen)
        assert client.missed == dropped == said + 1 - len(seen)
        await other.disconnect()
        await reading


async def test_counters_of_a_client_and_in_total(world: World) -> None:
    async with world.server(queue="history") as server:
        server.on_message(lambda info, message: message.data)
        server.broadcast({"i": 0})
        server.broadcast({"i": 1})
        async with (
            world.client(message_types=ALL_TYPES) as one,
            world.client(message_types=ALL_TYPES) as two,
        ):
            first, second = one.client_id or 0, two.client_id or 0
            await one.send({})  # answered by nothing: a plain send
            await one.request({})
            await one.attach("work")
            server.broadcast({"i": 2})
            server.broadcast({"i": 3}, session="work")
            server.broadcast({"i": 4}, exclude=[first])
            server.send(second, {"i": 5}, message_type="error")
            assert numbers(await world.take(one, 4)) == [0, 1, 2, 3]
            assert numbers(await world.take(two, 5)) == [0, 1, 2, 4, 5]
            infos = server.clients
            # One has its two answers beside.
            assert infos[first].sent == 4 + 2
            assert infos[second].sent == 5
            assert (infos[first].received, infos[second].received) == (2, 0)
            for info in infos.values():
                assert (info.queued, info.dropped) == (0, 0)
            stats = server.stats
            assert (stats.sent, stats.received) == (4 + 2 + 5, 2)
            assert stats.broadcasts == 5
            assert stats.connections == 2
            assert stats.dropped == stats.lost == 0


def _answered(server: Server, count: int) -> bool:
    # No flush is asked for here: that would weigh.
    owed = sum(info.sent + info.queued for info in server.clients.values())
    return owed >= count or server.stats.overfull > 0


@pytest.mark.parametrize("codec", ["json"])
async def test_answers_too_count_among_all_outboxes_together(
    socket_world: World,
) -> None:
    # Nothing is broadcast here: answers must be weighed all the same.
    world = socket_world
    limit = 10 * len(FILLER)
    async with world.server(
        permissions=["anyone"],
        total_outbox_bytes=limit,
        outbox_bytes=1 << 30,
    ) as server:
        server.on_message(lambda info, message: {"fill": FILLER})
        question = {
            "event_name": "load",
            "timestamp_ms": 1,
            "timestamp_iso": "2026-01-09T12:00:00.123+00:00",
            "message_type": "data",
            "data": {},
            "id": 1,
        }
        text = json.dumps(question).encode() + b"\n"
        async with world.raw(server) as one, world.raw(server) as two:
            await one.join()
            await two.join()
            asked = 0
            while not server.stats.overfull:  # neither reads an answer
                await one.say(text)
                await two.say(text)
                asked += 2
                await world.until(lambda n=asked: _answered(server, n))
                infos = server.clients.values()
                queued = sum(info.queued for info in infos)
                assert queued * len(FILLER) < 2 * limit
            assert len(server.clients) == 1


DOORS: dict[str, dict[str, Any]] = {
    "whole": {"transport": "unix", "codec": "msgpack"},
    "oldest": {"transport": "unix", "codec": "json", "lag": "drop_oldest"},
    "newest": {"transport": "tcp", "codec": "msgpack", "lag": "drop_newest"},
    "latest": {"transport": "memory", "codec": "json", "lag": "keep_latest"},
}


@asynccontextmanager
async def stuck_at_each_door(
    world: World, **overrides: Any
) -> AsyncIterator[tuple[Server, dict[str, Client]]]:
    """A server with all of `DOORS`, and at each a client that reads nothing
    and for which something waits."""
    settings = world.settings(listen=DOORS, tcp=PORTS)
    async with (
        world.Server("load", settings=settings, **overrides) as server,
        AsyncExitStack() as stack,
    ):
        stuck: dict[str, Client] = {}
        for door in DOORS:
            stuck[door] = await stack.enter_async_context(
                world.Client(
                    "load",
                    door=door,
                    settings=settings,
                    buffer_size=1,
                    message_types=ALL_TYPES,
                )
            )
        for client in stuck.values():
            number = client.client_id or 0
            while not server.clients[number].queued:
                server.send(number, {"i": -1, "fill": FILLER})
                await world.turn(server)
        yield server, stuck


@ALL_LOOPS
async def test_each_door_has_its_own_policy(unix_world: World) -> None:
    world = unix_world
    async with stuck_at_each_door(world, outbox_messages=16) as (
        server,
        stuck,
    ):
        for number in range(40):
            server.broadcast({"i": number, "fill": FILLER})
            await world.turn(server)
        whole = stuck.pop("whole")
        await world.until(lambda: len(server.clients) == 3)
        reading = {
            door: asyncio.create_task(until_end(client))
            for door, client in stuck.items()
        }
        back = asyncio.create_task(until_end(whole))
        await world.until(lambda: len(server.clients) == 4)
        end(server)
        seen = {door: numbers(await task) for door, task in reading.items()}
        heard = {door: [i for i in seen[door] if i >= 0] for door in seen}
        assert heard["oldest"] in (
            list(range(24, 40)),
            list(range(25, 40)),  # the end came before it read
        )
        assert heard["newest"] == list(range(len(heard["newest"])))
        assert 0 < len(heard["newest"]) < 16
        assert heard["latest"][-1] == 39
        for client in stuck.values():
            info = server.clients[client.client_id or 0]
            assert client.missed == info.dropped > 0
            assert client.connected
        came = [i for i in numbers(await back) if i >= 0]
        assert whole.missed == 40 - len(came)
        assert server.stats.overfull == 1


async def test_who_has_most_queued_is_dealt_with_first_by_its_policy(
    unix_world: World,
) -> None:
    world = unix_world
    limit = 60 * len(FILLER)
    async with stuck_at_each_door(world, total_outbox_bytes=limit) as (
        server,
        stuck,
    ):

        def most(door: str, count: int) -> None:
            """Make what `door`'s client is owed the most."""
            number = stuck[door].client_id or 0
            for _ in range(count):
                server.send(number, {"i": 0, "fill": FILLER})

        def dropped(door: str) -> int:
            return server.clients[stuck[door].client_id or 0].dropped

        most("whole", 2)
        most("oldest", 70)
        await world.until(lambda: dropped("oldest"))
        assert server.stats.overfull == 0
        assert dropped("newest") == dropped("latest") == 0
        most("newest", 70)
        await world.until(lambda: dropped("newest"))
        assert server.stats.overfull == 0
        assert len(server.clients) == 4
        gone = stuck["whole"].client_id
        # With a server in a thread the client goes amidst these.
        with suppress(ClientGone):
            most("whole", 70)
        await world.until(lambda: server.stats.overfull)
        assert gone not in server.clients
