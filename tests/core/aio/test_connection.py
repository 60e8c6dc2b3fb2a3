"""One client's connection, to its end."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

import pytest

from plugwire import Client, ConnectionClosed, MessageError, Server


async def test_half_an_end_of_a_stream_is_an_end(
    told: dict[str, Any], until: Any
) -> None:
    async with Server("load", codec="json", **told) as server:
        reasons: list[str] = []
        server.on_disconnect(lambda client, reason: reasons.append(reason))
        server.broadcast({"i": 1})
        place = server.addresses["main"].removeprefix("unix:")
        reader, writer = await asyncio.open_unix_connection(place)
        writer.write(b'{"plugwire": 1}\n')
        writer.write_eof()
        lines = [
            json.loads(line) for line in (await reader.read()).splitlines()
        ]
        assert [line.get("data") for line in lines] == [None, None, {"i": 1}]
        writer.close()
        await until(lambda: reasons)
        assert reasons == ["the client went away"]


async def test_a_client_that_leaves_while_it_is_owed_is_drained_in_time(
    told: dict[str, Any], until: Any
) -> None:
    async with Server("load", drain_timeout=0.05, **told) as server:
        place = server.addresses["main"].removeprefix("unix:")
        reader, writer = await asyncio.open_unix_connection(place)
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(b'{"plugwire": 1}\n')
        await until(lambda: server.has_clients)
        while not server.clients[1].queued:
            server.broadcast({"fill": "x" * 4000})
            await asyncio.sleep(0)
        reasons: list[str] = []
        server.on_disconnect(lambda client, reason: reasons.append(reason))
        server.disconnect(1, "enough")
        assert not server.has_clients
        assert reasons == []
        await until(lambda: reasons)
        assert reasons == ["enough"]
        assert server.stats.lost > 0
        writer.close()


async def test_no_room_for_a_goodbye_is_no_reason_to_stay(
    inside: dict[str, Any], until: Any
) -> None:
    server = Server("load", max_message_bytes=256, **inside)
    await server.start()
    async with Client("load", reconnect=False, **inside) as client:
        with pytest.raises(MessageError):
            server.broadcast({"pad": "x" * 200})
        server.disconnect(1, "enough " * 40)
        with pytest.raises(ConnectionClosed, match="closed the connection"):
            await client.receive(timeout=20)
    async with Client("load", reconnect=False, **inside):
        await server.stop()
    assert not server.running


async def test_a_goodbye_is_cut_to_what_is_shown(
    inside: dict[str, Any], until: Any
) -> None:
    async with (
        Server("load", max_message_bytes=2000, **inside) as server,
        Client("load", **inside) as client,
    ):
        reasons: list[str] = []
        client.on_disconnect(lambda client, reason: reasons.append(reason))
        server.disconnect(1, "word " * 10_000)
        await until(lambda: reasons)
        assert reasons[0].startswith("word word")
        assert len(reasons[0]) < 250


async def test_what_was_dropped_was_not_sent(
    inside: dict[str, Any], until: Any
) -> None:
    """`sent`, `dropped` and `lost` make up what a client was to get."""
    async with (
        Server(
            "load", lag="drop_oldest", outbox_messages=10, **inside
        ) as server,
        Client("load", buffer_size=1, **inside) as client,
    ):
        total = 4000
        for number in range(total):
            server.broadcast({"i": number, "pad": "x" * 1000})
            if number % 100 == 99:
                await asyncio.sleep(0)  # the tick is written
        info = server.clients[1]
        assert info.dropped > 0
        assert info.sent + info.dropped == total
        stats = server.stats
        assert (stats.sent, stats.dropped) == (info.sent, info.dropped)
        seen = 0
        while seen + (client.missed or 0) < total:
            seen += 1 if await client.receive(timeout=20) else 0
        assert (seen, client.missed) == (info.sent, info.dropped)


async def test_what_waits_is_written_a_turn_after_the_kernel_has_room(
    told: dict[str, Any], until: Any
) -> None:
    """A write that fails within asyncio's `resume_writing` has it end the
    connection twice, the second time with an error in the log."""
    async with Server("load", **told) as server:
        place = server.addresses["main"].removeprefix("unix:")
        with socket.socket(socket.AF_UNIX) as peer:
            peer.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(peer, place)
            await loop.sock_sendall(peer, b'{"plugwire": 1}\n')
            await until(lambda: server.has_clients)
            while not server.clients[1].queued:
                server.broadcast({"fill": "x" * 4000})
                await asyncio.sleep(0)
            connection = server._running()._connection(1)
            queued = connection.queued
            connection.resume_writing()
            assert connection.queued == queued
            await asyncio.sleep(0)
            assert connection.queued < queued
