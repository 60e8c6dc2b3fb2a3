"""Whole servers and clients over it, on asyncio."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from plugwire.aio.client import Client
from plugwire.aio.server import Server
from plugwire.errors import AlreadyRunning, ConnectionClosed
from plugwire.pipeline import shown
from plugwire.testing.pipes import take, until
from plugwire.testing.transport import sight
from plugwire.testing.transport.base import Rig, TransportBase
from plugwire.testing.transport.ends import call

COUNT = 500
"""Messages of a broadcast's check: more than one frame's worth of turns."""
MEMBERS = 30
BODY = "x" * 100_000
"""Text of a message that fits into no socket's buffer."""


class Whole(TransportBase):
    """The transport in its place, beside the kit's codec, queue and gate."""

    def test_a_server_tells_its_address(self, rig: Rig) -> None:
        """`transport:address`, for logs and for `plugwire list`."""

        async def check() -> None:
            transport = rig.make()
            async with rig.pipes.server(transport=transport) as server:
                [(door, address)] = server.addresses.items()
                assert door == "main"
                name, _, place = address.partition(":")
                assert name == shown(transport), (
                    f"expected {shown(transport)} in front, found {address}"
                )
                assert place, f"expected an address, found {address!r}"

        self.run(check())

    def test_broadcasts_arrive_in_order(self, rig: Rig) -> None:
        """Each once, none lost."""

        async def check() -> None:
            async with _pair(rig) as (server, client):
                for number in range(COUNT):
                    server.broadcast({"number": number})
                heard = [m.data["number"] for m in await take(client, COUNT)]
                assert heard == list(range(COUNT))

        self.run(check())

    def test_requests_are_answered(self, rig: Rig) -> None:
        """By the client that asked, in the order of its questions."""

        async def check() -> None:
            async with _pair(rig) as (_, client):
                for number in range(20):
                    answer = await client.request({"number": number})
                    assert answer.data == {"number": number}

        self.run(check())

    def test_large_messages_go_both_ways(self, rig: Rig) -> None:
        """They wait for room on the way, and arrive whole."""

        async def check() -> None:
            async with _pair(rig) as (server, client):
                answer = await client.request({"body": BODY})
                assert answer.data["body"] == BODY
                for _ in range(3):
                    server.broadcast({"body": BODY})
                for heard in await take(client, 3):
                    assert heard.data["body"] == BODY

        self.run(check())

    def test_requests_and_broadcasts_mix(self, rig: Rig) -> None:
        """Both directions are busy at once."""

        async def check() -> None:
            async with _pair(rig) as (server, client):
                asking = [
                    asyncio.ensure_future(client.request({"number": number}))
                    for number in range(50)
                ]
                for number in range(50):
                    server.broadcast({"number": number})
                    await asyncio.sleep(0)
                answers = [
                    a.data["number"] for a in await asyncio.gather(*asking)
                ]
                heard = [m.data["number"] for m in await take(client, 50)]
                assert answers == heard == list(range(50))

        self.run(check())

    def test_many_members_hear_the_same(self, rig: Rig) -> None:
        """Who joins, who leaves in between, who stays."""

        async def check() -> None:
            server = rig.pipes.server(
                transport=rig.make(), max_connections=MEMBERS
            )
            clients = [
                rig.pipes.client(transport=rig.make()) for _ in range(MEMBERS)
            ]
            async with server:
                await asyncio.gather(*(each.connect() for each in clients))
                assert len(server.clients) == MEMBERS
                for client in clients[::2]:
                    await client.disconnect()
                await until(lambda: len(server.clients) == MEMBERS // 2)
                server.broadcast({"text": "to the rest"})
                for client in clients[1::2]:
                    [heard] = await take(client, 1)
                    assert heard.data == {"text": "to the rest"}
                    await client.disconnect()

        self.run(check())

    def test_stopping_tells_the_clients(self, rig: Rig) -> None:
        """They read the goodbye before the end."""

        async def check() -> None:
            async with _pair(rig) as (server, client):
                await server.stop("maintenance")
                with pytest.raises(ConnectionClosed) as caught:
                    await client.receive()
                assert "maintenance" in str(caught.value), (
                    f"expected the server's reason, found {caught.value}"
                )

        self.run(check())

    def test_a_client_comes_back_after_a_restart(self, rig: Rig) -> None:
        """To a new server at the same endpoint, without being told."""

        async def check() -> None:
            client = rig.pipes.client(
                transport=rig.make(), reconnect=True, reconnect_delay=0.01
            )
            try:
                for number in range(2):
                    server = rig.pipes.server(transport=rig.make())
                    async with server:
                        if not number:
                            await client.connect()
                        await _joined(server)
                        server.broadcast({"number": number})
                        [heard] = await take(client, 1)
                        assert heard.data == {"number": number}
            finally:
                await client.disconnect()

        self.run(check())

    def test_a_stopped_server_starts_again(self, rig: Rig) -> None:
        """The same object, the same listener."""

        async def check() -> None:
            server = rig.pipes.server(transport=rig.make())
            for _ in range(3):
                async with server:
                    client = rig.pipes.client(transport=rig.make())
                    async with client:
                        server.broadcast({"text": "hello"})
                        await take(client, 1)

        self.run(check())

    def test_a_second_server_is_refused(self, rig: Rig) -> None:
        """And the first one serves on."""

        async def check() -> None:
            async with _pair(rig) as (server, client):
                other = rig.pipes.server(transport=rig.make())
                with pytest.raises(AlreadyRunning):
                    await other.start()
                server.broadcast({"text": "still here"})
                await take(client, 1)

        self.run(check())

    def test_stopping_leaves_nothing(self, rig: Rig) -> None:
        """No descriptor, and no file but the event's lock."""
        self.see_descriptors()

        async def check() -> None:
            async with _pair(rig):
                pass
            before = sight.descriptors()
            async with _pair(rig) as (server, client):
                await client.request({"number": 1})
                await server.stop()
            left = sight.opened(before)
            assert not left, f"expected none left open, found {left}"
            assert not rig.files(), f"expected no file, found {rig.files()}"

        self.run(check())

    def test_rubbish_costs_who_sent_it(self, rig: Rig) -> None:
        """A stranger is turned away at its first bytes; others stay."""

        async def check() -> None:
            async with _pair(rig) as (server, client):
                told = server.addresses["main"].partition(":")[2]
                stranger = await call(rig.connector(), told)
                stranger.transport.write(b"GET / HTTP/1.1\r\n\r\n" * 100)
                await stranger.end()
                answer = await client.request({"number": 1})
                assert answer.data == {"number": 1}

        self.run(check())

    def test_a_client_that_does_not_read_delays_nobody(self, rig: Rig) -> None:
        """Its messages wait in its outbox, and others hear at once."""

        async def check() -> None:
            async with _pair(rig, lag="keep_latest") as (server, client):
                told = server.addresses["main"].partition(":")[2]
                slow = await call(rig.connector(), told)
                slow.transport.write(b'{"plugwire": 1}\n')
                await until(lambda: len(server.clients) == 2)
                slow.transport.pause_reading()
                for _ in range(20):
                    server.broadcast({"body": BODY})
                    [heard] = await take(client, 1)
                    assert heard.data["body"] == BODY
                slow.cut()  # or it is drained for as long as is allowed

        self.run(check())


class _pair:  # noqa: N801 - it reads as a function
    """A server that answers with what it is asked, and a client in it."""

    def __init__(self, rig: Rig, **changed: Any) -> None:
        self.server = rig.pipes.server(transport=rig.make(), **changed)
        self.server.on_message(lambda _, message: dict(message.data))
        self.client = rig.pipes.client(transport=rig.make(), **changed)

    async def __aenter__(self) -> tuple[Server, Client]:
        await self.server.start()
        try:
            await self.client.connect()
        except BaseException:
            await self.server.stop()
            raise
        return self.server, self.client

    async def __aexit__(self, *_: object) -> None:
        await self.client.disconnect()
        await self.server.stop()


async def _joined(server: Server) -> None:
    await until(lambda: server.has_clients)
