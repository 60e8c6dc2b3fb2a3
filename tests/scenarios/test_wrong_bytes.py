"""What is no message ends that connection alone: row B12."""

from __future__ import annotations

import asyncio
import gc
import json
import random
import tracemalloc

import pytest
from worlds import World, numbers, open_files

from plugwire import MessageError, Server

HTTP = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


def _hello(**more: object) -> bytes:
    return json.dumps({"plugwire": 1, **more}).encode() + b"\n"


BEFORE: dict[str, tuple[bytes, str]] = {
    "http": (HTTP, "first byte is b'G'"),
    "random": (b"\x00\xff" * 500, "first byte is b'\\x00'"),
    "no json": (b"{nonsense}\n", "no hello"),
    "wrong types": (b'{"plugwire": "1"}\n', "no hello"),
    "not utf-8": (b'{"plugwire": 1, "codec": "\xff"}\n', "no hello"),
    "deep": (b'{"a":' + b"[" * 15_000 + b"\n", "no hello"),
    "endless": (b"{" + b" " * 20_000, "16384 bytes"),
    "version": (_hello(plugwire=9), "version 9"),
    "codec": (_hello(codec="morse"), "morse"),
    "extension": (_hello(extensions=["zip"]), "zip"),
    "since": (_hello(since=-1), "since"),
    "role": (_hello(role="king"), "no hello"),
    "session": (_hello(session="a b"), "event name"),
    "impatient": (_hello() + b"{}\n", "joined"),
}


def _server(world: World) -> Server:
    return world.server(permissions=["anyone"])


@pytest.mark.parametrize("kind", BEFORE)
async def test_b12_a_wrong_hello_is_refused_by_name(
    socket_world: World, kind: str
) -> None:
    world, (text, words) = socket_world, BEFORE[kind]
    async with _server(world) as server, world.raw(server) as raw:
        await raw.line()
        await raw.say(text)
        refusal = json.loads(await raw.rest())
        assert words in refusal["refused"]
        assert server.stats.refused == 1
        assert not server.has_clients
        await _serves_on(world, server)


async def _serves_on(world: World, server: Server) -> None:
    async with world.client(permissions=["anyone"]) as client:
        server.broadcast({"i": 1})
        assert numbers(await world.take(client, 1)) == [1]


MESSAGE = (
    b'{"event_name":"load","timestamp_ms":1,"timestamp_iso":"x",'
    b'"message_type":"data","data":%s}\n'
)
AFTER: dict[str, dict[str, bytes]] = {
    "json": {
        "http": HTTP,
        "not json": b"{nonsense}\n",
        "no message": b"[]\n",
        "deep": MESSAGE % (b'{"a":' * 5000 + b"1" + b"}" * 5000),
        "name": (MESSAGE % b"{}").replace(b'"load"', b'"a b"'),
        "too long": b"x" * (1 << 20) + b"x" * 1000,
    },
    "msgpack": {
        "http": HTTP,
        "flags": b"\x80\x00\x00\x01\xc0",
        "too long": b"\x00\xff\xff\xff",
        "no array": b"\x00\x00\x00\x01\xc0",
        "no message": b"\x00\x00\x00\x02\x91\xc0",
        "deep": b"\x00\x00\x13\x88" + b"\x91" * 5000,
        "truncated": b"\x00\x00\x00\x02\x92\x81",
    },
}


@pytest.mark.parametrize(
    ("codec", "kind"), [(c, kind) for c in AFTER for kind in AFTER[c]]
)
@pytest.mark.parametrize("transport", ["unix", "tcp"])
async def test_b12_wrong_bytes_end_that_connection_and_are_named(
    world: World, codec: str, kind: str
) -> None:
    reasons: list[str] = []
    async with _server(world) as server, world.raw(server) as raw:
        server.on_disconnect(lambda client, reason: reasons.append(reason))
        await raw.join()
        await raw.say(AFTER[codec][kind])
        rest = await raw.rest()
        assert b"MessageError" in rest
        assert b"goodbye" in rest
        await world.until(lambda: reasons)
        assert reasons[0].startswith("wrong bytes: ")
        await _serves_on(world, server)


def _rubbish(dice: random.Random) -> list[bytes]:
    return [
        dice.randbytes(dice.randrange(1, 4000))
        for _ in range(dice.randrange(1, 4))
    ]


async def test_b12_rubbish_for_a_long_time_leaves_nothing(
    socket_world: World,
) -> None:
    world, dice = socket_world, random.Random(7)

    async def once(server: Server) -> None:
        async with world.raw(server) as raw:
            if dice.random() < 0.7:
                await raw.join()
            await raw.say(*_rubbish(dice))

    async with _server(world) as server:

        async def rounds(count: int) -> None:
            for _ in range(count):
                await once(server)
            await world.until(lambda: not server.has_clients)

        await rounds(30)
        gc.collect()
        files = open_files()
        tracemalloc.start()
        try:
            await rounds(20)
            gc.collect()
            before, _ = tracemalloc.get_traced_memory()
            await rounds(100)
            gc.collect()
            after, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert after - before < 100_000
        assert open_files() <= files + 2
        await _serves_on(world, server)


async def test_b12_a_server_that_speaks_rubbish_is_no_crash(
    unix_world: World,
) -> None:
    world = unix_world
    world.folder.mkdir(mode=0o700)
    answers = [HTTP, b"{}\n", b"{nonsense\n", b"{" * 20_000]

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(answers[-1])
        writer.close()

    listener = await asyncio.start_unix_server(
        answer, world.folder / "load.sock"
    )
    async with listener:
        while answers:
            with pytest.raises(MessageError):
                await world.client().connect()
            answers.pop()
