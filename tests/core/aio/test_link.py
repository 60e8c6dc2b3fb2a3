"""A client's connection, from close by."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from plugwire import Client, ConnectionClosed, Server


async def test_wrong_bytes_from_a_server_end_that_connection(
    told: dict[str, Any], until: Any
) -> None:
    async with Server("load", **told) as server:
        client = Client("load", **told)
        reasons: list[str] = []
        client.on_disconnect(lambda client, reason: reasons.append(reason))
        await client.connect()
        host: Any = server._host
        host.registry.get(1).connection.write(b"\x00\x00\x00\x01\xc0")
        await until(lambda: reasons)
        assert "array" in reasons[0] or "message" in reasons[0]
        await until(lambda: client.client_id == 2)
        await client.disconnect()


async def test_writes_keep_their_order_when_the_socket_is_full(
    inside: dict[str, Any], until: Any
) -> None:
    async with Server("load", handler_queue=1, **inside) as server:
        heard: list[int] = []
        go = asyncio.Event()

        @server.on_message
        async def _(info: Any, message: Any) -> None:
            await go.wait()
            heard.append(message.data["i"])

        async with Client("load", **inside) as client:
            sends = [
                asyncio.create_task(
                    client.send({"i": number, "fill": "x" * 50_000})
                )
                for number in range(40)
            ]
            await asyncio.sleep(0)
            assert not all(task.done() for task in sends)
            go.set()
            await asyncio.gather(*sends)
            await until(lambda: len(heard) == 40)
            assert heard == list(range(40))


async def test_who_waits_to_write_hears_of_the_end(
    inside: dict[str, Any],
) -> None:
    async with Server("load", handler_queue=1, **inside) as server:

        @server.on_message
        async def _(info: Any, message: Any) -> None:
            await asyncio.Event().wait()

        client = Client("load", reconnect=False, **inside)
        await client.connect()
        sends = [
            asyncio.create_task(client.send({"fill": "x" * 100_000}))
            for _ in range(40)
        ]
        await asyncio.sleep(0)
        await server.stop()
        results = await asyncio.gather(*sends, return_exceptions=True)
        assert ConnectionClosed in {type(result) for result in results}
        with pytest.raises(ConnectionClosed):
            await client.flush()
        await client.disconnect()


async def test_who_asks_for_the_end_when_it_is_over_need_not_wait(
    told: dict[str, Any], until: Any
) -> None:
    async with Server("load", **told) as server:
        client = Client("load", reconnect=False, **told)
        await client.connect()
        link: Any = client._link
        server.disconnect(1, "enough")
        await until(lambda: link._is_closed)
        assert link.closed.done()
        assert link.closed is link.closed
        await client.disconnect()
