"""From accept to joined, or refused."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from plugwire import Client, ClientInfo, Refused, Server
from plugwire.aio.door import Door
from plugwire.interfaces import ALLOW, Deny, Peer, Subject, Verb


class Strict:
    """A permission that denies some verbs."""

    def __init__(self, *denied: str) -> None:
        self._denied = denied

    from plugwire import hookimpl

    @hookimpl
    def accept(self) -> Any:
        return _Open()

    @hookimpl
    def authorize(self) -> Any:
        def check(peer: Peer, verb: Verb, subject: Subject) -> Any:
            if verb in self._denied:
                return Deny("so it is")
            return ALLOW

        return check


class _Open:
    name = "open"
    needs_proof = False

    def prepare(self) -> None:
        """Nothing is to be prepared."""

    def admit(self, *parts: Any) -> None:
        return None

    def prove(self, *parts: Any) -> None:
        return None

    def confirm(self, *parts: Any) -> None:
        return None


async def _raw(server: Server, *lines: bytes) -> list[dict[str, Any]]:
    place = server.addresses["main"].removeprefix("unix:")
    reader, writer = await asyncio.open_unix_connection(place)
    said = [json.loads(await reader.readline())]
    for line in lines:
        writer.write(line)
        said.append(json.loads(await reader.readline()))
    writer.close()
    return said


async def test_bytes_before_joined_are_refused(told: dict[str, Any]) -> None:
    async with Server("load", **told) as server:
        entered = asyncio.Event()

        @server.on_connect
        async def _(client: ClientInfo) -> None:
            entered.set()
            await asyncio.Event().wait()

        place = server.addresses["main"].removeprefix("unix:")
        reader, writer = await asyncio.open_unix_connection(place)
        await reader.readline()
        writer.write(b'{"plugwire": 1}\n')
        await entered.wait()
        writer.write(b"impatient")
        refusal = json.loads(await reader.readline())
        assert "before joined" in refusal["refused"]
        writer.close()


async def test_no_hello_in_time_is_refused(told: dict[str, Any]) -> None:
    async with Server("load", handshake_timeout=0.05, **told) as server:
        place = server.addresses["main"].removeprefix("unix:")
        reader, writer = await asyncio.open_unix_connection(place)
        await reader.readline()
        refusal = json.loads(await reader.readline())
        assert "handshake_timeout" in refusal["refused"]
        assert await reader.read() == b""
        writer.close()


@pytest.mark.parametrize("verb", ["connect", "control", "attach"])
async def test_what_the_checks_deny_is_refused(
    told: dict[str, Any], verb: str
) -> None:
    role = "control" if verb == "control" else "member"
    hello: dict[str, Any] = {"plugwire": 1, "role": role}
    if verb == "attach":
        hello["session"] = "work"
    async with Server("load", permissions=[Strict(verb)], **told) as server:
        _, refusal = await _raw(server, json.dumps(hello).encode() + b"\n")
        assert "so it is" in refusal["refused"]
        assert refusal["kind"] == "denied"


async def test_who_may_not_receive_joins_and_hears_nothing(
    told: dict[str, Any],
) -> None:
    permissions = [Strict("receive")]
    async with (
        Server("load", permissions=permissions, **told) as server,
        Client("load", permissions=permissions, **told) as client,
    ):
        assert server.has_clients
        assert server.broadcast({}) == 0
        await client.attach("work")
        assert server.broadcast({}, session="work") == 0
        with pytest.raises(Refused, match="so it is"):
            server.send(1, {})
        server.on_message(lambda client, message: {"ok": True})
        assert (await client.request({})).data == {"ok": True}
        assert client.buffered == 0


async def test_a_session_in_the_hello_is_heard_from_the_start(
    told: dict[str, Any],
) -> None:
    async with Server("load", codec="json", **told) as server:
        hello = b'{"plugwire": 1, "session": "work"}\n'
        place = server.addresses["main"].removeprefix("unix:")
        reader, writer = await asyncio.open_unix_connection(place)
        await reader.readline()
        writer.write(hello)
        assert json.loads(await reader.readline())["client_id"] == 1
        assert server.clients_in("work") == (1,)
        assert server.broadcast({"i": 1}, session="work") == 1
        assert json.loads(await reader.readline())["data"] == {"i": 1}
        writer.close()


async def test_joined_and_the_snapshot_are_one_write(
    told: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[bytes] = []
    make = Door._connection

    def noting(door: Door, peer: Peer, send: Any = None) -> Any:
        def note(data: bytes) -> int:
            sent.append(bytes(data))
            count: int = send(data)
            return count

        return make(door, peer, note)

    monkeypatch.setattr(Door, "_connection", noting)
    async with Server("load", **told) as server:
        server.snapshot(lambda client: {"i": 1})
        async with Client("load", **told) as client:
            assert (await client.receive(timeout=20)).data == {"i": 1}
            assert server.clients[1].sent == 1
            welcome, joined = sent
            assert welcome.endswith(b"\n")
            assert joined.partition(b"\n")[2]


async def test_a_plain_on_connect_is_called_at_once(
    told: dict[str, Any],
) -> None:
    tasks: list[asyncio.Task[Any] | None] = []
    async with Server("load", **told) as server:

        @server.on_connect
        def _(client: ClientInfo) -> None:
            tasks.append(asyncio.current_task())

        async with Client("load", **told):
            assert tasks == [None]
