"""What a client gets and does: rows B1, B4, B9, B10, B11, B16."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from worlds import DEADLINE, World, numbers

from plugwire import (
    Client,
    ClientInfo,
    ConnectionClosed,
    ConnectionFailed,
    Denied,
    Message,
    MessageType,
    PlugwireError,
    RequestFailed,
    Server,
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
        raw = {"msgpack": b"\x00\xff", "json": "AP8="}[world.codec]
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
        assert some.server.codec == world.codec


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


async def test_b9_a_receive_only_client_cannot_send(world: World) -> None:
    async with world.server(allow_client_send=False) as server:
        heard: list[Message] = []
        server.on_message(lambda client, message: heard.append(message))
        async with world.client() as client:
            assert not client.can_send
            for act in (client.send, client.request):
                with pytest.raises(
                    Denied, match="does not let this client send"
                ):
                    await act({})
            server.broadcast({"i": 1})
            assert numbers(await world.take(client, 1)) == [1]
        assert heard == []


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
        assert told == ["the server stops", "again", None]
        assert client.missed is None
    assert told[-1] == "disconnected"
    await server.stop()


def _gate(server: Server) -> asyncio.Event:
    """Nobody joins until it is set."""
    gate = asyncio.Event()

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
            back = _gate(server)
            world.crash(client)
            await world.until(lambda: len(server.clients) == 1)
            server.broadcast({"i": 2})
            server.broadcast({"i": 3})
            back.set()
            await world.until(lambda: client.connected)
            server.broadcast({"i": 4})
            assert numbers(await world.take(client, 1)) == [4]
            assert gaps == [client.missed] == [2]


async def test_b10_history_fills_what_was_missed(world: World) -> None:
    async with (
        world.server(queue="history") as server,
        world.client() as client,
    ):
        server.broadcast({"i": 1})
        await world.take(client, 1)
        back = _gate(server)
        world.crash(client)
        await world.until(lambda: not server.clients)
        server.broadcast({"i": 2})
        server.broadcast({"i": 3})
        back.set()
        await world.until(lambda: client.connected)
        server.broadcast({"i": 4})
        seen = await world.take(client, 3)
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
    async with world.server() as server, world.clients(2) as crowd:
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
    await asyncio.sleep(0)
    await client.disconnect()
    with pytest.raises(ConnectionClosed, match="while it was connecting"):
        await connecting
    async with world.server() as server:
        await client.connect()
        assert server.has_clients
        await client.disconnect()


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
        await world.until(lambda: client.buffered)
        with pytest.raises(TimedOut, match="1 messages were not consumed"):
            await client.request({}, timeout=0.02)


async def test_b16_requests_end_in_an_answer_or_in_words(
    world: World,
) -> None:
    async with world.server() as server, world.client() as client:
        with pytest.raises(RequestFailed, match="nobody answers"):
            await client.request({})

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
                case "cancel":
                    raise asyncio.CancelledError
                case "hang":
                    await asyncio.Event().wait()
                case "leave":
                    server.disconnect(info.id or 0, "out")
                    await asyncio.Event().wait()
            return None

        assert (await client.request({"do": "none"})).data == {}
        for do, error, words in (
            ("wrong", RequestFailed, "not a mapping"),
            ("huge", RequestFailed, "max_message_bytes"),
            ("deny", Denied, "not you"),
            ("cancel", RequestFailed, "cancelled"),
        ):
            with pytest.raises(error, match=words):
                await client.request({"do": do})
        with pytest.raises(TimedOut, match="no answer"):
            await client.request({"do": "hang"}, timeout=0.02)
        async with world.client() as other:
            with pytest.raises(ConnectionClosed, match="out"):
                await other.request({"do": "leave"})


async def test_b16_a_wrong_call_says_so_at_once(world: World) -> None:
    for act in (
        lambda: world.client("a b"),
        lambda: world.server("a/b"),
        lambda: world.client(door="a b"),
        lambda: world.client(message_types=["no"]),
    ):
        with pytest.raises(ValidationFailed):
            act()


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    turns=st.lists(
        st.tuples(
            st.sampled_from(["receive", "iterate", "timeout", "request"]),
            st.integers(0, 6),
        ),
        max_size=40,
    )
)
def test_cancelled_or_timed_out_nothing_is_lost(
    world: World, turns: list[tuple[str, int]]
) -> None:
    asyncio.run(_cancelling(world, turns))


async def _cancelling(world: World, turns: list[tuple[str, int]]) -> None:
    async with world.server() as server, world.client(buffer_size=4) as client:
        server.on_message(lambda client, message: message.data)
        seen: list[int] = []
        said = 0
        for act, steps in turns:
            for _ in range(steps):
                server.broadcast({"i": said})
                said += 1
            task = asyncio.create_task(_act(client, act))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            try:
                got = await task
            except (asyncio.CancelledError, TimedOut):
                continue
            if got is not None:
                seen += numbers([got])
        seen += numbers(await world.take(client, said - len(seen)))
        assert seen == list(range(said))


async def _act(client: Client, act: str) -> Message | None:
    match act:
        case "receive":
            return await client.receive()
        case "timeout":
            return await client.receive(timeout=0)
        case "iterate":
            return await anext(aiter(client))
    await client.request({"i": -1})
    return None


async def test_a_send_is_whole_or_not_at_all(world: World) -> None:
    async with world.server(handler_queue=1) as server:
        heard: list[int] = []
        go = asyncio.Event()

        @server.on_message
        async def _(info: ClientInfo, message: Message) -> None:
            await go.wait()
            heard.append(message.data["i"])

        async with world.client() as client:
            sent = []
            for number in range(400):
                sending = asyncio.create_task(
                    client.send({"i": number, "fill": "x" * 20_000})
                )
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                if not sending.done():
                    sending.cancel()
                try:
                    await sending
                except asyncio.CancelledError:
                    continue
                sent.append(number)
            assert len(sent) < 400
            go.set()
            await client.flush()
            await world.until(lambda: len(heard) >= len(sent))
            assert heard == sent
