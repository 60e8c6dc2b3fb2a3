"""What a client gets and does: rows B1, B4, B9, B11, B16."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta
from typing import Any

import pytest
from worlds import ALL_LOOPS, World, numbers

from plugwire import (
    ClientInfo,
    ConnectionClosed,
    ConnectionFailed,
    Denied,
    Message,
    MessageType,
    RequestFailed,
    TimedOut,
    ValidationFailed,
)


async def test_b1_a_message_has_its_event_times_type_and_data(
    world: World,
) -> None:
    async with (
        world.server(timezone="Asia/Kolkata") as server,
        world.client(timezone="America/New_York") as client,
    ):
        heard: list[Message] = []
        server.on_message(lambda client, message: heard.append(message))
        before = time.time_ns() // 1_000_000
        data: dict[str, Any] = {
            "none": None,
            "bools": [True, False],
            "ints": [-(1 << 63), (1 << 64) - 1],
            "float": 0.1,
            "text": "grüße 🙂",
            "nested": {"list": [1, [2, {"three": 3}]]},
        }
        server.broadcast(data)
        (message,) = await world.take(client, 1)
        assert message.event_name == "load"
        assert message.message_type is MessageType.DATA
        assert message.data == data
        assert (message.seq, message.kept) == (1, False)
        assert before <= message.timestamp_ms
        assert message.timestamp_ms <= time.time_ns() // 1_000_000
        moment = datetime.fromisoformat(message.timestamp_iso)
        assert moment.utcoffset() == timedelta(hours=5, minutes=30)
        assert round(moment.timestamp() * 1000) == message.timestamp_ms
        assert len(message.timestamp_iso) == 29
        await client.send({"a": 1}, message_type="control")
        await world.until(lambda: heard)
        assert heard[0].message_type is MessageType.CONTROL
        sent = datetime.fromisoformat(heard[0].timestamp_iso)
        assert sent.utcoffset() in (timedelta(hours=-5), timedelta(hours=-4))


async def test_b1_bytes_are_bytes_or_base64(world: World) -> None:
    async with world.server() as server, world.client() as client:
        server.broadcast({"raw": b"\x00\xff"})
        (message,) = await world.take(client, 1)
        raw = {"msgpack": b"\x00\xff", "json": "AP8="}[world.format]
        assert message.data == {"raw": raw}


async def test_b4_receive_waits_no_longer_than_it_is_told(
    world: World,
) -> None:
    async with world.server() as server, world.client() as client:
        with pytest.raises(TimedOut) as caught:
            await client.receive(timeout=0.01)
        assert isinstance(caught.value, TimeoutError)
        assert caught.value.seconds == 0.01
        server.broadcast({"i": 1})
        assert numbers(await world.take(client, 1)) == [1]


async def test_b4_iteration_ends_with_disconnect(world: World) -> None:
    async with world.server() as server, world.client() as client:
        seen = []
        server.broadcast({"i": 1})
        server.broadcast({"i": 2})
        async for message in client:
            seen.append(message)
            if len(seen) == 2:
                await client.disconnect()
        assert numbers(seen) == [1, 2]
        with pytest.raises(ConnectionClosed, match="disconnected"):
            await client.receive()


async def test_b4_iteration_raises_when_the_server_ends_it_for_good(
    world: World,
) -> None:
    async with world.server() as server, world.client() as client:
        server.broadcast({"i": 1})
        server.disconnect(client.client_id or 0, "enough")
        seen: list[Message] = []
        with pytest.raises(ConnectionClosed, match="enough") as caught:
            await world.drain(client, seen)
        assert caught.value.final
        assert numbers(seen) == [1]
        with pytest.raises(ConnectionClosed, match="enough"):
            await client.send({})


async def test_b4_a_client_chooses_its_message_types(world: World) -> None:
    async with (
        world.server() as server,
        world.client(message_types=["error", "control"]) as some,
        world.client() as usual,
    ):
        for number, kind in enumerate(MessageType):
            server.broadcast({"i": number}, message_type=kind)
        server.broadcast({"i": 3}, message_type="error", event_name="other")
        assert numbers(await world.take(some, 3)) == [1, 2, 3]
        assert numbers(await world.take(usual, 3)) == [0, 1, 3]
        assert some.server is not None
        assert some.server.codec == world.format


async def test_b4_connect_twice_and_disconnect_twice(world: World) -> None:
    async with world.server():
        client = world.client()
        assert not client.connected
        assert client.server is None
        await client.disconnect()
        with pytest.raises(ConnectionClosed, match="not connected"):
            await client.send({})
        with pytest.raises(ConnectionClosed, match="not connected"):
            await client.receive()
        await client.connect()
        assert client.connected
        with pytest.raises(ConnectionFailed, match="connected already"):
            await client.connect()
        await client.disconnect()
        await client.disconnect()
        assert not client.connected
        await client.connect()
        assert client.client_id == 2
        await client.disconnect()


async def test_b4_disconnect_sends_what_was_sent(world: World) -> None:
    async with world.server() as server:
        heard: list[int] = []
        server.on_message(
            lambda client, message: heard.append(message.data["i"])
        )
        async with world.client() as client:
            for number in range(200):
                await client.send({"i": number, "fill": "x" * 10_000})
        await world.until(lambda: len(heard) == 200)
        assert heard == list(range(200))


async def test_b4_who_says_one_thing_and_goes_is_heard(world: World) -> None:
    async with world.server() as server:
        heard: list[int] = []
        server.on_message(
            lambda client, message: heard.append(message.data["i"])
        )
        for number in range(30):
            async with world.client(receive=False) as client:
                await client.send({"i": number})
        await world.until(lambda: len(heard) == 30)
        assert sorted(heard) == list(range(30))


async def test_b9_a_receive_only_client_cannot_send(world: World) -> None:
    async with world.server(allow_client_send=False) as server:
        heard: list[Message] = []
        server.on_message(lambda client, message: heard.append(message))
        async with world.client() as client:
            assert not client.can_send
            with pytest.raises(Denied, match="does not let this client send"):
                await client.send({})
            with pytest.raises(Denied, match="clients of 'load' may not send"):
                await client.request({})
            server.broadcast({"i": 1})
            assert numbers(await world.take(client, 1)) == [1]
        assert heard == []


async def test_who_may_ask_and_not_send_asks(unix_world: World) -> None:
    world = unix_world
    verbs = ["connect", "receive", "request"]
    rules = {"allow": [{"who": "*", "verbs": verbs}]}
    async with world.server(
        permissions=["peer", "rules"], rules=rules
    ) as server:
        server.on_message(lambda client, message: message.data)
        async with world.client() as client:
            assert not client.can_send
            answer = await client.request({"i": 1})
            assert answer.data == {"i": 1}
            with pytest.raises(Denied, match="does not let this client send"):
                await client.send({})


async def test_b9_the_server_enforces_it_and_answers(
    socket_world: World,
) -> None:
    world = socket_world
    async with world.server(
        allow_client_send=False, permissions=["anyone"], codec="json"
    ) as server:
        heard: list[Message] = []
        server.on_message(lambda client, message: heard.append(message))
        async with world.raw(server) as raw:
            assert (await raw.join())["can_send"] is False
            await raw.say(
                b'{"event_name":"load","timestamp_ms":1,"timestamp_iso":"x",'
                b'"message_type":"data","data":{}}\n'
            )
            answer = await raw.line()
            assert answer["message_type"] == "error"
            assert answer["op"] == "denied"
            assert "may not send" in answer["data"]["reason"]
            server.broadcast({"i": 1})
            assert (await raw.line())["data"] == {"i": 1}
        assert heard == []


async def test_b11_a_full_buffer_stops_reading_and_loses_nothing(
    world: World,
) -> None:
    total = 3000
    async with (
        world.server() as server,
        world.client(buffer_size=10) as few,
        world.client(buffer_bytes=20_000) as small,
    ):

        async def talk() -> None:
            for number in range(total):
                server.broadcast({"i": number, "fill": "x" * 1000})
                if number % 20 == 19:
                    await server.flush()

        talking = asyncio.create_task(talk())
        await world.until(
            lambda: (
                talking.done()
                or any(c.queued for c in server.clients.values())
            )
        )
        assert few.connected
        assert small.connected
        assert 10 <= few.buffered < total
        assert 10 <= small.buffered < total
        one, two = await asyncio.gather(
            world.take(few, total), world.take(small, total)
        )
        assert numbers(one) == numbers(two) == list(range(total))
        await talking


async def test_b11_an_unread_answer_says_why_it_does_not_come(
    world: World,
) -> None:
    async with world.server() as server, world.client(buffer_size=1) as client:
        server.on_message(lambda client, message: {})
        server.broadcast({"i": 1})
        await world.until(lambda: client.connected and client.buffered)
        with pytest.raises(TimedOut, match="1 messages were not consumed"):
            await client.request({}, timeout=0.02)


@ALL_LOOPS
async def test_b16_requests_end_in_an_answer_or_in_words(
    world: World,
) -> None:
    async with world.server() as server, world.client() as client:
        with pytest.raises(RequestFailed, match="nobody answers"):
            await client.request({})
        go = world.Event()

        @server.on_message
        async def _(info: ClientInfo, message: Message) -> Any:
            match message.data["do"]:
                case "none":
                    return None
                case "wrong":
                    return [1]
                case "huge":
                    return {"x": "x" * (1 << 21)}
                case "deny":
                    raise Denied("not you")
                case "hang":
                    await go.wait()
                case "leave":
                    server.disconnect(info.id or 0, "out")
                    await go.wait()
            return None

        assert (await client.request({"do": "none"})).data == {}
        for do, error, words in (
            ("wrong", RequestFailed, "not a mapping"),
            ("huge", RequestFailed, "max_message_bytes"),
            ("deny", Denied, "not you"),
        ):
            with pytest.raises(error, match=words):
                await client.request({"do": do})
        with pytest.raises(TimedOut, match="no answer"):
            await client.request({"do": "hang"}, timeout=0.02)
        async with world.client() as other:
            with pytest.raises(ConnectionClosed, match="out"):
                await other.request({"do": "leave"})
        go.set()


async def test_b16_a_wrong_call_says_so_at_once(world: World) -> None:
    for act in (
        lambda: world.client("a b"),
        lambda: world.server("a/b"),
        lambda: world.client(door="a b"),
        lambda: world.client(message_types=["no"]),
    ):
        with pytest.raises(ValidationFailed):
            act()
