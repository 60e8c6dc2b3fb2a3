"""Strings that begin with @, from one end to the other: in messages, and in
all that a handshake says. No end evaluates what the other one wrote."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from worlds import World

from plugwire import ClientInfo, Denied, Message, Refused, hookimpl
from plugwire.interfaces import Gate, Peer

TOKENS = [
    "@int 5",
    "@none",
    "@del",
    "@merge [1]",
    "@format {env[HOME]}",
    "@jinja {{ 1 + 1 }}",
    "@read_file /etc/passwd",
]
DATA: dict[str, Any] = {
    "tokens": TOKENS,
    **{token: {"under": token} for token in TOKENS},
}


async def test_messages_carry_them_as_they_are(world: World) -> None:
    heard: list[Any] = []

    def answer(_: ClientInfo, message: Message) -> dict[str, Any]:
        heard.append(message.data)
        return message.data

    async with world.server() as server, world.client() as client:
        server.on_message(answer)
        server.broadcast(DATA)
        (message,) = await world.take(client, 1)
        assert message.data == DATA
        await client.send(DATA)
        assert (await client.request(DATA)).data == DATA
        assert heard == [DATA, DATA]


class Telling:
    """A permission whose proofs are these strings, each way; with
    `refuses`, the reason and the mend too."""

    name = "telling"
    needs_proof = True

    def __init__(self, heard: list[Any], refuses: bool) -> None:
        self._heard = heard
        self._refuses = refuses

    @hookimpl
    def accept(self) -> Gate:
        return self

    def prepare(self) -> None:
        return

    def admit(
        self, peer: Peer, welcome: Mapping[str, Any], hello: Mapping[str, Any]
    ) -> str | None:
        self._heard.append(hello["proof"][self.name])
        if self._refuses:
            raise Denied(TOKENS[4], TOKENS[5])
        return TOKENS[1]

    def prove(
        self, peer: Peer, welcome: Mapping[str, Any], hello: Mapping[str, Any]
    ) -> str | None:
        return TOKENS[0]

    def confirm(
        self,
        peer: Peer,
        welcome: Mapping[str, Any],
        hello: Mapping[str, Any],
        joined: Mapping[str, Any],
    ) -> None:
        self._heard.append(joined["proof"][self.name])


@pytest.mark.parametrize(("transport", "codec"), [("unix", "msgpack")])
async def test_hello_and_joined_carry_them_as_they_are(world: World) -> None:
    heard: list[Any] = []
    gates = {"permissions": [Telling(heard, refuses=False)]}
    async with world.server(**gates), world.client(**gates):
        assert heard == [TOKENS[0], TOKENS[1]]


@pytest.mark.parametrize(("transport", "codec"), [("unix", "msgpack")])
async def test_a_refusal_carries_them_as_they_are(world: World) -> None:
    heard: list[Any] = []
    gates = {"permissions": [Telling(heard, refuses=True)]}
    async with world.server(**gates):
        with pytest.raises(Refused) as caught:
            async with world.client(**gates):
                await asyncio.sleep(0)
    assert caught.value.reason == TOKENS[4]
    assert caught.value.mend == TOKENS[5]


WELCOME = (
    b'{"plugwire": 1, "event": "load", "door": "@format {env[HOME]}", '
    b'"incarnation": "@int 5", "codec": "msgpack", "extensions": [], '
    b'"max_message_bytes": 1048576, "nonce": "@jinja {{ 1 + 1 }}"}\n'
)
"""As a server of somebody else's might say it."""


@pytest.mark.parametrize(("transport", "codec"), [("unix", "msgpack")])
async def test_a_welcome_is_taken_as_it_is(world: World) -> None:
    heard: list[Any] = []

    class Listening(Telling):
        def prove(
            self,
            peer: Peer,
            welcome: Mapping[str, Any],
            hello: Mapping[str, Any],
        ) -> str | None:
            heard.append(welcome)
            return None

    async def serve(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(WELCOME)
        await reader.readline()
        writer.write(b'{"refused": "@none", "mend": "@del"}\n')
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    world.folder.mkdir(mode=0o700, exist_ok=True)
    path = world.folder / "load.sock"
    server = await asyncio.start_unix_server(serve, path)
    async with server:
        with pytest.raises(Refused) as caught:
            async with world.client(
                event="load", permissions=[Listening([], refuses=False)]
            ):
                await asyncio.sleep(0)
    assert (caught.value.reason, caught.value.mend) == ("@none", "@del")
    (welcome,) = heard
    assert welcome["door"] == "@format {env[HOME]}"
    assert welcome["incarnation"] == "@int 5"
    assert welcome["nonce"] == "@jinja {{ 1 + 1 }}"
