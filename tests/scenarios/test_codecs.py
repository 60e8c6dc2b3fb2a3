"""Two codecs of one format, one at each end: rows B5, D4."""

from __future__ import annotations

from typing import Any

import pytest
from worlds import World, numbers

from plugwire import ClientInfo, Message, MessageError, Refused

PAIRS = pytest.mark.parametrize(
    ("transport", "codec", "other"),
    [("unix", "msgpack", "msgspec"), ("unix", "msgspec", "msgpack")],
)
"""The server's codec, which is the world's, and the client's."""
DATA: dict[str, Any] = {
    "load": 0.42,
    "raw": b"\x00\xff",
    "cores": [{"id": 0, "busy": -0.0}, {"id": 1, "busy": None}],
    "total": (1 << 64) - 1,
    "name": "größe 😀",
}


@PAIRS
async def test_d4_a_client_of_the_other_codec_hears_and_says_all(
    world: World, other: str
) -> None:
    heard: list[Any] = []

    def answer(_: ClientInfo, message: Message) -> dict[str, Any]:
        heard.append(message.data)
        return message.data

    async with world.server() as server, world.client(codec=other) as client:
        server.on_message(answer)
        assert client.server is not None
        assert client.server.codec == "msgpack"
        server.broadcast(DATA)
        (message,) = await world.take(client, 1)
        assert message.data == DATA
        assert str(message.data["cores"][0]["busy"]) == "-0.0"
        await client.send(DATA)
        assert (await client.request(DATA)).data == DATA
        assert heard == [DATA, DATA]


@PAIRS
async def test_a2_many_at_once_come_in_order(world: World, other: str) -> None:
    async with (
        world.server() as server,
        world.client(codec=other) as client,
        world.client() as same,
    ):
        for number in range(500):
            server.broadcast({"i": number, "x": number / 7})
        assert numbers(await world.take(client, 500)) == list(range(500))
        assert numbers(await world.take(same, 500)) == list(range(500))


@PAIRS
async def test_b5_the_door_of_the_format_is_found(
    world: World, other: str
) -> None:
    listen = {"text": {"codec": "json"}, "binary": {"codec": world.codec}}
    settings = world.settings(listen=listen)
    del settings["codec"]
    async with (
        world.Server("load", settings=settings) as server,
        world.client(codec=other) as client,
    ):
        assert client.server is not None
        assert client.server.door == "binary"
        server.broadcast({"i": 1})
        assert numbers(await world.take(client, 1)) == [1]


@PAIRS
async def test_what_cannot_be_sent_is_said_here_and_ends_nothing(
    world: World, other: str
) -> None:
    async with world.server() as server, world.client(codec=other) as client:
        for wrong in ({1, 2}, {1: 2}, 1 << 64, object()):
            with pytest.raises(MessageError, match=r"data\.a"):
                server.broadcast({"a": wrong})
            with pytest.raises(MessageError, match=r"data\.a"):
                await client.send({"a": wrong})
        server.broadcast({"i": 1})
        assert numbers(await world.take(client, 1)) == [1]


@pytest.mark.parametrize(("transport", "codec"), [("unix", "msgspec")])
async def test_another_format_is_refused_by_its_name(world: World) -> None:
    async with world.server():
        with pytest.raises(Refused, match=r"door 'main' .* is msgpack"):
            await world.client(codec="json", door="main").connect()
