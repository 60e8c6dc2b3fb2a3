"""The plugin, composed and on the wire, on both faces."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from plugwire import (
    Client,
    ConfigurationError,
    MessageError,
    Refused,
    Server,
)
from plugwire.compose import compose_client, compose_server
from plugwire.handshake import Joined
from plugwire.loading import gather
from plugwire.message import MessageType
from plugwire.protocol import ClientProtocol
from plugwire.sync import Client as SyncClient
from plugwire.sync import Server as SyncServer
from plugwire_compress import Compress, PackingEncoder, UnpackingDecoder
from plugwire_msgpack import MsgpackEncoder

WORDS = "the same words again and again, " * 100


def with_it(place: Path, **more: Any) -> dict[str, Any]:
    return {"extensions": ["compress"], "socket_dir": str(place), **more}


def server_pipeline(**overrides: Any) -> Any:
    settings, problems = gather({}, overrides)
    return compose_server("status", settings, problems)


def client_pipeline(*, codec: str, **overrides: Any) -> Any:
    settings, problems = gather({}, overrides)
    return compose_client(
        "status",
        settings,
        door="main",
        endpoint="status",
        transport="memory",
        codec=codec,
        problems=problems,
    )


def test_it_wraps_the_codec_and_nothing_else() -> None:
    bare = server_pipeline().doors[0]
    (door,) = server_pipeline(extensions=["compress"]).doors
    assert type(bare.encoder) is MsgpackEncoder
    assert type(door.encoder) is PackingEncoder
    assert type(door.decoder()) is UnpackingDecoder
    assert door.extensions == ("compress",)
    assert bare.extensions == ()
    assert door.format == bare.format


def test_its_settings_are_heeded(message: Any) -> None:
    sizes = []
    for section in ({"threshold": 1 << 20}, {"level": 1}, {"level": 19}):
        (door,) = server_pipeline(
            extensions=["compress"], compress=section
        ).doors
        values = [number * number % 977 for number in range(2000)]
        body = door.encoder.encode(message(data={"values": values}))
        sizes.append(len(door.encoder.frame([body])))
    assert sizes[0] > sizes[1] > sizes[2]


def test_doors_that_pack_alike_share_what_packs() -> None:
    doors = server_pipeline(
        extensions=["compress"],
        listen={
            "main": {"transport": "unix"},
            "inside": {"transport": "memory"},
            "bare": {"transport": "memory", "extensions": []},
            "hard": {"transport": "memory", "compress": {"level": 9}},
        },
    ).doors
    main, inside, bare, hard = doors
    assert main.encoder is inside.encoder
    assert main.lane == inside.lane
    assert len({main.lane, bare.lane, hard.lane}) == 3


@pytest.mark.parametrize("side", ["server", "client"])
def test_over_a_codec_of_lines_it_is_refused_in_words(side: str) -> None:
    compose = server_pipeline if side == "server" else client_pipeline
    with pytest.raises(ConfigurationError) as caught:
        compose(codec="json", extensions=["compress"])
    (problem,) = caught.value.problems
    assert problem.key == "plugwire.extensions"
    assert f"the {side}'s door 'main'" in problem.origin
    assert "json, which is lines" in str(problem)
    assert "take compress out" in str(problem)


# ------------------------------------------------------------- on the wire


@pytest.mark.parametrize("codec", ["msgpack", "msgspec"])
async def test_asyncio_ends_talk(place: Path, codec: str) -> None:
    words = with_it(place, codec=codec)
    async with Server("status", **words) as server:

        @server.on_message
        async def double(client: Any, message: Any) -> dict[str, Any]:
            return {"text": message.data["text"] * 2}

        async with Client("status", **words) as client:
            assert client.server is not None
            assert client.server.extensions == ("compress",)
            server.broadcast({"text": WORDS})
            got = await client.receive(timeout=20)
            assert got.data == {"text": WORDS}
            answer = await client.request({"text": WORDS}, timeout=20)
            assert answer.data == {"text": WORDS * 2}


def test_blocking_ends_talk(place: Path) -> None:
    with SyncServer("status", **with_it(place)) as server:
        server.on_message(lambda client, message: message.data)
        with SyncClient("status", **with_it(place)) as client:
            server.broadcast({"text": WORDS})
            got = client.receive(timeout=20)
            assert got.data == {"text": WORDS}
            assert client.request({"text": WORDS}, timeout=20).data == got.data


async def test_a_frame_is_packed_once_for_all(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Server("status", **with_it(place)) as server:
        packed = []
        frame = PackingEncoder.frame

        def counted(self: Any, bodies: Any) -> bytes:
            packed.append(len(bodies))
            return frame(self, bodies)

        clients = [Client("status", **with_it(place)) for _ in range(5)]
        try:
            for client in clients:
                await client.connect()
            monkeypatch.setattr(PackingEncoder, "frame", counted)
            assert server.broadcast({"text": WORDS}) == 5
            for client in clients:
                got = await client.receive(timeout=20)
                assert got.data == {"text": WORDS}
            assert packed == [1]
        finally:
            for client in clients:
                await client.disconnect()


async def test_what_was_kept_is_packed_too(place: Path) -> None:
    async with Server("status", **with_it(place)) as server:
        for number in range(50):
            server.broadcast({"text": WORDS, "n": number})
        async with Client("status", **with_it(place)) as client:
            got = [await client.receive(timeout=20) for _ in range(50)]
        assert [message.data["n"] for message in got] == list(range(50))


@pytest.mark.parametrize("having", ["server", "client"])
@pytest.mark.parametrize("face", ["asyncio", "threads"])
def test_where_one_end_has_it_not_both_say_so(
    place: Path, face: str, having: str
) -> None:
    bare = {"socket_dir": str(place)}
    there, here = with_it(place), bare
    if having == "client":
        there, here = here, there

    def connect() -> None:
        if face == "threads":
            SyncClient("status", **here).connect()
        else:
            asyncio.run(Client("status", **here).connect())

    with SyncServer("status", **there), pytest.raises(Refused) as caught:
        connect()
    ends = ("none", "compress") if having == "server" else ("compress", "none")
    assert str(caught.value) == (
        f"the client's extensions are {ends[0]}, those of door 'main' are "
        f"{ends[1]}; name the same extensions on both sides, in the same order"
    )


@pytest.mark.parametrize("step", [1, 100, 1 << 20])
def test_a_clients_buffer_counts_what_was_unpacked(
    packing: Any, message: Any, step: int
) -> None:
    """Else a server could fill a client's memory with a few packed bytes."""
    way = packing()
    body = way.encoder.encode(message(data={"zeros": bytes(10_000)}))
    wire = way.encoder.frame([body])
    joined = Joined(client_id=1, kept=0, can_send=True)
    protocol = ClientProtocol(way.decoder(), joined, set(MessageType))
    for at in range(0, len(wire), step):
        protocol.feed(wire[at : at + step])
    assert len(wire) < 1000
    assert protocol.size == len(way.plain.frame([body]))


def test_an_instance_may_be_handed_over() -> None:
    extension = Compress()
    (door,) = server_pipeline(extensions=[extension]).doors
    assert door.extensions == ("compress",)
    assert extension.settings.level == 1


def test_what_is_wrong_is_a_message_error() -> None:
    (door,) = server_pipeline(extensions=["compress"]).doors
    with pytest.raises(MessageError):
        door.decoder().feed(b"\0\0\0\3\x07ab")
