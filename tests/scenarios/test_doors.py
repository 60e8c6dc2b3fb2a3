"""Several doors, one server: rows B5, C4, D4."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec
import pytest
from worlds import ALL_LOOPS, PORTS, World, numbers, total

from plugwire import (
    ClientInfo,
    ConnectionFailed,
    Denied,
    Message,
    MessageError,
    Refused,
    Server,
    hookimpl,
)
from plugwire.framed import FramedDecoder, FramedEncoder
from plugwire.framing import MAX_MESSAGE_BYTES
from plugwire.interfaces import DecoderFactory


async def test_b5_one_word_changes_transport_and_codec(world: World) -> None:
    place = {"socket_dir": str(world.folder)}
    words: dict[str, Any] = {
        "transport": world.transport,
        "codec": world.codec,
        **place,
    }
    if world.transport == "tcp":
        words["tcp"] = PORTS
    async with world.Server("wallpaper_change", **words) as server:
        # A shared server is found by its doors file, whatever it speaks.
        words = words if world.transport == "memory" else place
        async with world.Client("wallpaper_change", **words) as client:
            server.broadcast({"i": 1})
            assert numbers(await world.take(client, 1)) == [1]
            assert client.server is not None
            assert client.server.codec == world.format


LISTEN = {
    "main": {"transport": "unix", "codec": "msgpack"},
    "readers": {"transport": "unix", "codec": "json", "plain": True},
    "remote": {"transport": "tcp", "codec": "json"},
    "inside": {"transport": "memory", "codec": "msgpack"},
}


def several(world: World, **overrides: Any) -> Server:
    return world.Server(
        "load",
        settings=world.settings(listen=LISTEN, tcp=PORTS, **overrides),
    )


async def test_c4_mixed_doors_have_one_registry_and_one_order(
    unix_world: World,
) -> None:
    world = unix_world
    async with several(world) as server:
        assert list(server.addresses) == list(LISTEN)
        told = {"socket_dir": str(world.folder)}
        async with (
            world.Client("load", **told) as main,
            world.Client("load", door="remote", **told) as remote,
            world.Client(
                "load",
                door="inside",
                settings=world.settings(listen=LISTEN, tcp=PORTS),
            ) as inside,
            world.raw(server, "readers") as reader,
        ):
            await world.until(lambda: len(server.clients) == 4)
            doors = [info.door for info in server.clients.values()]
            assert sorted(doors) == sorted(LISTEN)
            await main.attach("work")
            await remote.attach("work")
            for number in range(200):
                assert server.broadcast({"i": number}) == 4
                assert server.broadcast({"i": -1}, session="work") == 2
                if number % 20 == 19:
                    await server.flush()
            everything = [n for i in range(200) for n in (i, -1)]
            for client in (main, remote):
                seen = numbers(await world.take(client, 400))
                assert seen == everything
            assert numbers(await world.take(inside, 200)) == list(range(200))
            lines = [await reader.line() for _ in range(200)]
            assert [line["data"]["i"] for line in lines] == list(range(200))
            assert [line["seq"] for line in lines] == list(range(1, 201))
            assert set(lines[0]) == {
                "event_name", "timestamp_ms", "timestamp_iso",
                "message_type", "data", "seq",
            }  # fmt: skip


async def test_c4_a_plain_reader_gets_history_and_may_ask(
    unix_world: World,
) -> None:
    world = unix_world
    async with several(world, queue="history") as server:
        heard: list[ClientInfo] = []

        @server.on_message
        def _(client: ClientInfo, message: Message) -> dict[str, int]:
            heard.append(client)
            return {"sum": sum(message.data["of"])}

        server.broadcast({"i": 1})
        async with world.raw(server, "readers") as reader:
            assert (await reader.line())["data"] == {"i": 1}
            question = {
                "event_name": "load",
                "timestamp_ms": 1,
                "timestamp_iso": "2026-01-09T12:00:00.123+00:00",
                "message_type": "data",
                "data": {"of": [1, 2]},
                "id": 7,
            }
            await reader.say(json.dumps(question).encode() + b"\n")
            answer = await reader.line()
            assert (answer["data"], answer["reply_to"]) == ({"sum": 3}, 7)
            assert heard[0].door == "readers"
            await reader.say(b"no json\n")
            failure = await reader.line()
            assert failure["message_type"] == "error"
            assert (await reader.line())["op"] == "goodbye"
            assert await reader.rest() == b""
        async with world.raw(server, "readers") as reader:
            assert (await reader.line())["data"] == {"i": 1}
            reader.finish()
            assert await reader.rest() == b""
        assert server.running


@ALL_LOOPS
async def test_c4_a_plain_door_turns_away_in_one_message(
    unix_world: World,
) -> None:
    world = unix_world
    async with several(world, max_connections=1) as server:
        async with (
            world.raw(server, "readers") as first,
            world.raw(server, "readers") as second,
        ):
            failure = json.loads(await second.rest())
            assert failure["message_type"] == "error"
            assert "max_connections" in failure["data"]["reason"]
            server.broadcast({"i": 1})
            assert (await first.line())["data"] == {"i": 1}

        @server.on_connect
        async def _(client: ClientInfo) -> None:
            await asyncio.sleep(0)
            raise Denied("closed today")

        await world.until(lambda: not server.clients)
        async with world.raw(server, "readers") as reader:
            await reader.say(b"{}\n")
            failure = json.loads(await reader.rest())
            assert failure["data"]["reason"] == "closed today"


async def test_c4_a_library_client_is_told_about_plain_doors(
    unix_world: World,
) -> None:
    world = unix_world
    async with several(world):
        with pytest.raises(Refused, match="plain"):
            await world.Client(
                "load", door="readers", socket_dir=str(world.folder)
            ).connect()
        with pytest.raises(ConnectionFailed, match="no door 'cellar'"):
            await world.Client(
                "load",
                door="cellar",
                socket_dir=str(world.folder),
                default_timeout=0.05,
            ).connect()


async def test_what_one_codec_cannot_carry_the_others_get(
    unix_world: World,
) -> None:
    world = unix_world
    async with several(world) as server:
        told = {"socket_dir": str(world.folder)}
        async with (
            world.Client("load", **told) as main,
            world.Client("load", door="remote", **told) as remote,
        ):
            await main.attach("work")
            await remote.attach("work")
            gaps: list[int | None] = []
            remote.on_gap(lambda client, missed: gaps.append(missed))
            server.broadcast({"none": math.nan})
            server.broadcast({"none": math.nan}, session="work")
            server.broadcast({"none": math.nan}, session="nobody")
            server.broadcast({"i": 1})
            seen = await world.take(main, 3)
            assert [math.isnan(m.data["none"]) for m in seen[:2]] == [True] * 2
            assert numbers(await world.take(remote, 1)) == [1]
            await world.until(lambda: total(gaps) == 2)
            assert remote.missed == server.stats.lost == 2


async def test_what_is_kept_and_one_codec_cannot_carry(
    unix_world: World,
) -> None:
    world = unix_world
    async with several(world, queue="history") as server:
        server.broadcast({"none": math.nan})
        server.broadcast({"i": 1})
        told = {"socket_dir": str(world.folder)}
        async with world.Client("load", door="remote", **told) as remote:
            assert numbers(await world.take(remote, 1)) == [1]
        async with world.Client("load", **told) as main:
            assert len(await world.take(main, 2)) == 2
        assert server.stats.lost == 1


class Failing(FramedEncoder):
    """An encoder with a fault, once `fault` is set."""

    fault = ""

    def encode(self, message: Message) -> Any:
        body = super().encode(message)
        if self.fault == "encode raises":
            raise KeyError("a fault")
        return str(body) if self.fault == "encode gives str" else body

    def frame(self, bodies: Sequence[bytes]) -> Any:
        if self.fault == "frame raises":
            raise KeyError("a fault")
        frame = super().frame(bodies)
        return None if self.fault == "frame gives None" else frame


class Faulty:
    """A codec whose encoder fails when it is told to."""

    def __init__(self) -> None:
        pack, unpack = msgspec.msgpack.encode, msgspec.msgpack.decode
        self.encoder = Failing("faulty", pack, _array, MAX_MESSAGE_BYTES)
        self.decoder = partial(FramedDecoder, unpack)

    @hookimpl
    def encode(self, max_message_bytes: int) -> Failing:
        return self.encoder

    @hookimpl
    def decode(self, max_message_bytes: int) -> DecoderFactory:
        return partial(self.decoder, max_message_bytes)


def _array(count: int) -> bytes:
    return b"\xdc" + count.to_bytes(2, "big")


def with_fault(world: World, codec: Faulty, *, first: bool) -> Server:
    doors = [("main", "msgpack"), ("faulty", codec)]
    if first:
        doors.reverse()
    listen = {
        name: {"transport": "unix", "codec": codec} for name, codec in doors
    }
    return world.Server("load", settings=world.settings(listen=listen))


@pytest.mark.parametrize(
    ("fault", "first"),
    [
        ("encode raises", False),
        ("encode gives str", False),
        ("frame raises", False),
        ("frame raises", True),
        ("frame gives None", True),
    ],
)
async def test_a_codec_that_fails_costs_its_own_door_alone(
    unix_world: World,
    caplog: pytest.LogCaptureFixture,
    fault: str,
    first: bool,
) -> None:
    """Its clients come back and count what they missed; all others get it."""
    world, codec = unix_world, Faulty()
    told = {"socket_dir": str(world.folder)}
    left: list[str] = []
    async with (
        with_fault(world, codec, first=first) as server,
        world.Client("load", door="main", **told) as main,
        world.Client("load", door="faulty", codec=Faulty(), **told) as bad,
    ):
        server.on_disconnect(lambda client, reason: left.append(reason))
        server.broadcast({"i": 1})
        assert numbers(await world.take(bad, 1)) == [1]
        codec.encoder.fault = fault
        server.broadcast({"i": 2})
        assert numbers(await world.take(main, 2)) == [1, 2]
        await world.until(lambda: left)
        codec.encoder.fault = ""
        taking = asyncio.create_task(world.take(bad, 1))
        await world.until(lambda: len(server.clients) == 2)
        server.broadcast({"i": 3})
        assert numbers(await taking) == [3]
        assert bad.missed == 1
        assert numbers(await world.take(main, 1)) == [3]
        assert (main.missed, main.connected) == (0, True)
    assert "the codec faulty failed" in left[0]
    assert ".Failing): " in caplog.text


async def test_a_first_codec_that_fails_is_told_to_who_broadcasts(
    unix_world: World,
) -> None:
    world, codec = unix_world, Faulty()
    codec.encoder.fault = "encode raises"
    async with with_fault(world, codec, first=True) as server:
        with pytest.raises(
            MessageError, match=r"codec faulty failed .*Key"
        ) as caught:
            server.broadcast({"i": 1})
        assert isinstance(caught.value.__cause__, KeyError)
        codec.encoder.fault = ""
        with pytest.raises(MessageError, match="cannot be sent") as caught:
            server.broadcast({"i": object()})
        assert caught.value.__cause__ is not caught.value


async def test_a_codec_that_differs_is_refused_in_words(
    world: World,
) -> None:
    other = {"msgpack": "json", "json": "msgpack"}[world.format]
    async with world.server():
        with pytest.raises(Refused, match="codec") as caught:
            await world.client(codec=other, door="main").connect()
        assert world.format in str(caught.value)


PROGRAMS = {
    "asyncio": """
import asyncio
from plugwire import Client, Server
async def main():
    async with Server("load", socket_dir=SETTINGS["socket_dir"]) as server:
        async with Client("load", socket_dir=SETTINGS["socket_dir"]) as client:
            server.broadcast({"i": 1})
            message = await client.receive(timeout=20)
            print(client.server.codec, message.data["i"], flush=True)
asyncio.run(main())
""",
    "threads": """
from plugwire.sync import Client, Server
with Server("load", socket_dir=SETTINGS["socket_dir"]) as server:
    with Client("load", socket_dir=SETTINGS["socket_dir"]) as client:
        server.broadcast({"i": 1})
        message = client.receive(timeout=20)
        print(client.server.codec, message.data["i"], flush=True)
""",
}


@pytest.mark.parametrize(
    ("codec", "format"),
    [("msgpack", "msgpack"), ("msgspec", "msgpack"), ("json", "json")],
)
async def test_d4_one_variable_changes_the_codec_of_a_program(
    unix_world: World, codec: str, format: str
) -> None:
    program = PROGRAMS[unix_world.face]
    async with unix_world.child(program, PLUGWIRE_CODEC=codec) as child:
        assert await child.line() == f"{format} 1"
        assert await child.ended() == 0
