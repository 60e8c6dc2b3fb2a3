"""The server's face."""

from __future__ import annotations

import asyncio
import signal
import threading
from typing import Any

import pytest

from plugwire import AlreadyRunning, Client, ClientInfo, Server


async def test_looking_gives_copies(inside: dict[str, Any]) -> None:
    async with Server("load", **inside) as server, Client("load", **inside):
        stats = server.stats
        stats.broadcasts = 99
        assert server.stats.broadcasts == 0
        clients = server.clients
    assert tuple(clients) == (1,)
    assert server.stats.connections == 1


async def test_handlers_are_given_back(inside: dict[str, Any]) -> None:
    server = Server("load", **inside)

    def handler(*_: Any) -> None:
        return None

    for register in (
        server.on_connect,
        server.on_disconnect,
        server.on_message,
        server.snapshot,
    ):
        assert register(handler) is handler


async def test_a3_serve_forever_that_cannot_start_leaves_the_signals(
    inside: dict[str, Any],
) -> None:
    former = signal.getsignal(signal.SIGTERM)
    async with Server("load", **inside):
        with pytest.raises(AlreadyRunning):
            await Server("load", **inside).serve_forever()
    assert signal.getsignal(signal.SIGTERM) is former


def test_a3_serve_forever_in_a_thread_of_its_own(
    inside: dict[str, Any],
) -> None:
    results: list[int] = []

    async def main() -> None:
        server = Server("load", **inside)
        serving = asyncio.create_task(server.serve_forever())
        async with Client("load", **inside) as client:
            results.append(client.client_id or 0)
        await server.stop()
        await serving

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    thread.join()
    assert results == [1]


async def test_a_handler_may_stop_its_server(inside: dict[str, Any]) -> None:
    server = Server("load", **inside)
    await server.start()
    gone: list[str] = []
    server.on_disconnect(lambda client, reason: gone.append(reason))

    @server.on_message
    async def _(client: ClientInfo, message: Any) -> dict[str, bool]:
        await server.stop("asked to")
        return {"stopping": True}

    async with Client("load", reconnect=False, **inside) as client:
        assert (await client.request({})).data == {"stopping": True}
        async with asyncio.timeout(20):
            await server.stop()
    assert gone == ["asked to"]
