"""The codec in a real server and real clients, over memory."""

from __future__ import annotations

from typing import Any

import pytest

from plugwire.aio.client import Client
from plugwire.aio.server import Server
from plugwire.errors import MessageError
from plugwire.message import Message, MessageType
from plugwire.registry import ClientInfo
from plugwire.testing.codec.bench import Benched
from plugwire.testing.codec.model import alike, nested, rich
from plugwire.testing.pipes import Pipes, take

MANY = 700
"""Broadcasts in one turn of the loop: several frames of them."""
CLIENTS = 8
"""Of one server: under its `max_connections`, as it is by default."""


class Whole(Benched):
    """Applications know nothing of codecs: all of theirs works."""

    def test_a_broadcast_arrives(self, instance: Any, pipes: Pipes) -> None:
        """At each client, the same."""

        async def check() -> None:
            async with (
                pipes.server(codec=instance) as server,
                pipes.client(codec=instance) as one,
                pipes.client(codec=instance) as two,
            ):
                server.broadcast(rich().data)
                for client in (one, two):
                    (got,) = await take(client, 1)
                    assert alike(got.data, rich().data), f"received {got}"
                    assert got.event_name == "kit"
                    assert got.message_type is MessageType.DATA
                    assert got.kept is False

        self.run(check())

    def test_a_request_is_answered(self, instance: Any, pipes: Pipes) -> None:
        """There and back, each with its number."""

        async def check() -> None:
            server = pipes.server(codec=instance)

            @server.on_message
            def answer(_: ClientInfo, message: Message) -> dict[str, Any]:
                assert message.id is not None
                return {"echo": message.data}

            async with server, pipes.client(codec=instance) as client:
                for n in range(3):
                    got = await client.request({"n": n, "in": [n]})
                    want = {"echo": {"n": n, "in": [n]}}
                    assert got.data == want, f"received {got}"

        self.run(check())

    def test_many_messages_arrive_in_order(
        self, instance: Any, pipes: Pipes
    ) -> None:
        """What is said in one turn of the loop goes out in few frames."""

        async def check() -> None:
            async with (
                pipes.server(codec=instance) as server,
                pipes.client(codec=instance) as client,
            ):
                for n in range(MANY):
                    server.broadcast({"n": n})
                got = [m.data["n"] for m in await take(client, MANY)]
                assert got == list(range(MANY)), f"received {got}"

        self.run(check())

    def test_large_messages_pass_both_ways(
        self, instance: Any, pipes: Pipes
    ) -> None:
        """Larger than any buffer between."""

        async def check() -> None:
            server = pipes.server(codec=instance)

            @server.on_message
            def answer(_: ClientInfo, message: Message) -> dict[str, Any]:
                return message.data

            large = {"text": "x" * 300_000, "list": list(range(50_000))}
            async with server, pipes.client(codec=instance) as client:
                got = await client.request(large)
                assert got.data == large

        self.run(check())

    def test_what_was_kept_arrives(self, instance: Any, pipes: Pipes) -> None:
        """A queue keeps bodies, and they are framed when somebody comes."""

        async def check() -> None:
            async with pipes.server(codec=instance) as server:
                for n in range(3):
                    server.broadcast({"n": n})
                async with pipes.client(codec=instance) as client:
                    server.broadcast({"n": 3})
                    got = await take(client, 4)
                    found = [(m.data["n"], m.kept) for m in got]
                    want = [(0, True), (1, True), (2, True), (3, False)]
                    assert found == want, f"received {found}"

        self.run(check())

    def test_what_cannot_be_sent_is_told_to_its_sender(
        self, instance: Any, pipes: Pipes
    ) -> None:
        """And to nobody else: the connection goes on."""

        async def check() -> None:
            async with (
                pipes.server(codec=instance) as server,
                pipes.client(codec=instance) as client,
            ):
                for wrong in ({"a": object()}, nested(99)):
                    with pytest.raises(MessageError):
                        server.broadcast(wrong)
                    with pytest.raises(MessageError):
                        await client.send(wrong)
                server.broadcast({"n": 1})
                (got,) = await take(client, 1)
                assert got.data == {"n": 1}

        self.run(check())

    def test_an_instance_serves_many(
        self, instance: Any, pipes: Pipes
    ) -> None:
        """A program makes one, and hands it to its server and to all its
        clients."""

        async def check() -> None:
            async with pipes.server(codec=instance) as server:
                clients = [
                    pipes.client(codec=instance) for _ in range(CLIENTS)
                ]
                for client in clients:
                    await client.connect()
                await _all_hear(server, clients)
                for client in clients:
                    await client.disconnect()

        self.run(check())


async def _all_hear(server: Server, clients: list[Client]) -> None:
    for n in range(5):
        server.broadcast({"n": n})
    for client in clients:
        got = [m.data["n"] for m in await take(client, 5)]
        assert got == list(range(5)), f"received {got}"
