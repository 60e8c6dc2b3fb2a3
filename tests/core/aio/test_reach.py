"""How a client gets to its server."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from plugwire import ConnectionFailed, Server
from plugwire.aio.client import Client
from plugwire.choice import Choice, choose
from plugwire.settings import Settings


async def test_each_attempt_looks_anew(told: dict[str, Any]) -> None:
    tcp = {"port_range_start": 22000, "port_range_end": 22999}
    client = Client("load", **told)
    for transport, codec in (("unix", "msgpack"), ("tcp", "json")):
        async with Server(
            "load", transport=transport, codec=codec, tcp=tcp, **told
        ):
            await client.connect()
            assert client.server is not None
            assert client.server.codec == codec
            await client.disconnect()


async def test_an_error_says_where_the_last_attempt_went(
    inside: dict[str, Any],
) -> None:
    client = Client("load", default_timeout=0, **inside)
    with pytest.raises(ConnectionFailed) as caught:
        await client.connect()
    assert caught.value.address == "load"


async def test_who_connects_at_once_looks_once(
    told: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str | None] = []

    def look(event: str, settings: Settings, door: str | None) -> Choice:
        looked.append(door)
        return choose(event, settings, door)

    monkeypatch.setattr("plugwire.aio.reach.choose", look)
    async with Server("load", max_connections=40, **told):
        clients = [Client("load", **told) for _ in range(20)]
        clients += [Client("load", door="main", **told) for _ in range(10)]
        await asyncio.gather(*(client.connect() for client in clients))
        assert sorted(map(str, looked)) == ["None", "main"]
        await clients[0].disconnect()
        await clients[0].connect()
        assert len(looked) == 3
        for client in clients:
            await client.disconnect()
