"""One start of a server, from its doors to its end."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from plugwire import Client, ClientInfo, Message, PlugwireError, Server


async def test_a_handler_that_will_not_end_does_not_hold_up_the_stop(
    inside: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    until: Any,
) -> None:
    monkeypatch.setattr("plugwire.aio.incarnation.PARTING", 0.02)
    go, stubborn = asyncio.Event(), []
    server = Server("load", drain_timeout=0, **inside)
    await server.start()

    @server.on_disconnect
    async def _(client: ClientInfo, reason: str) -> None:
        stubborn.append(reason)
        while not go.is_set():
            try:
                await go.wait()
            except asyncio.CancelledError:
                continue

    client = Client("load", reconnect=False, **inside)
    await client.connect()
    async with asyncio.timeout(20):
        await server.stop("enough")
    assert "1 handlers run on" in caplog.text
    assert stubborn == ["enough"]
    go.set()
    await client.disconnect()
    await until(lambda: len(asyncio.all_tasks()) == 1)


async def test_who_came_before_a_start_that_fails_is_let_go(
    told: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    clients: list[asyncio.Task[None]] = []
    client = Client(
        "load",
        transport="memory",
        default_timeout=0.2,
        reconnect=False,
        **told,
    )

    async def fail(*_: Any, **__: Any) -> None:
        clients.append(asyncio.create_task(client.connect()))
        for _ in range(10):
            await asyncio.sleep(0)
        raise OSError("a disk is full")

    from plugwire.aio.door import Door

    opened = Door.open

    async def second(self: Door) -> None:
        if self.pipeline.door == "second":
            await fail()
        await opened(self)

    monkeypatch.setattr(Door, "open", second)
    listen = {"first": {"transport": "memory"}, "second": {}}
    server = Server("load", listen=listen, **told)
    with pytest.raises(OSError, match="disk is full"):
        await server.start()
    with suppress(PlugwireError):
        await clients[0]
    with pytest.raises(PlugwireError):
        await client.receive(timeout=20)
    await client.disconnect()
    assert not server.running
    assert len(asyncio.all_tasks()) == 1


async def test_the_list_of_clients_is_bounded(
    inside: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugwire.aio.incarnation.SHOWN_CLIENTS", 2)
    from plugwire.aio.control import Control
    from plugwire.loading import load_settings

    settings = load_settings(**inside)
    async with (
        Server("load", **inside),
        Client("load", **inside),
        Client("load", **inside),
        Client("load", **inside),
        Control("load", settings) as control,
    ):
        answer = await control.ask("clients")
    assert answer["total"] == 3
    assert [shown["id"] for shown in answer["clients"]] == [1, 2]


async def test_a_message_for_a_session_that_left_meanwhile_harms_nobody(
    inside: dict[str, Any],
) -> None:
    async with Server("load", **inside) as server:
        heard: list[Message] = []
        server.on_message(lambda client, message: heard.append(message))
        async with Client("load", **inside) as client:
            await client.attach("work")
            server.broadcast({"i": 1}, session="work")
            server.detach(1)
            assert (await client.receive(timeout=20)).data == {"i": 1}
