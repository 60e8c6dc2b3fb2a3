"""The client, seen from close by."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest

from plugwire import (
    Client,
    ClientInfo,
    ConfigurationError,
    ConnectionClosed,
    MessageError,
    Server,
    TimedOut,
)
from plugwire.aio import client as client_module


def test_wrong_settings_are_told_at_once() -> None:
    with pytest.raises(ConfigurationError):
        Client("load", settings={"codex": "json"})


async def test_b10_lost_before_the_attempt_is_over(
    inside: dict[str, Any], until: Any
) -> None:
    told: list[str] = []
    async with Server("load", **inside) as server:
        client = Client("load", reconnect_delay=0.01, **inside)
        client.on_reconnect(lambda client: told.append("again"))
        client.on_disconnect(lambda client, reason: told.append("lost"))
        await client.connect()

        @server.snapshot
        def _(info: ClientInfo) -> None:
            if (info.id or 0) < 5:
                asyncio.get_running_loop().call_soon(
                    lambda: info.id in server.clients and cut(info.id)
                )

        def cut(number: int) -> None:
            host: Any = server._host
            host.registry.get(number).connection.abort()

        cut(1)
        await until(lambda: client.connected and client.client_id == 5)
        assert told == ["lost", "again"] * 4
        await client.disconnect()
    assert told[-1] == "lost"


async def test_b10_a_connect_cancelled_as_it_joins_leaves_nothing(
    inside: dict[str, Any], until: Any
) -> None:
    class Hasty(Client):
        def joined(self, *args: Any) -> None:
            super().joined(*args)
            connecting.cancel()

    async with Server("load", **inside) as server:
        told: list[str] = []
        client = Hasty("load", reconnect_delay=0.01, **inside)
        client.on_disconnect(lambda client, reason: told.append(reason))
        connecting = asyncio.create_task(client.connect())
        with pytest.raises(asyncio.CancelledError):
            await connecting
        assert not client.connected
        # Nor does its end, which the loop tells later, end the next one.
        connecting = asyncio.create_task(asyncio.Event().wait())
        await client.connect()
        await until(lambda: told)
        assert told == ["disconnected"]
        assert client.connected
        await until(lambda: list(server.clients) == [client.client_id])
        await client.disconnect()
        assert told == ["disconnected"] * 2
        assert connecting.cancelled()


async def test_b10_an_attempt_given_up_as_it_succeeds_makes_no_second(
    inside: dict[str, Any], monkeypatch: pytest.MonkeyPatch, until: Any
) -> None:
    attempt, late = client_module.attempt, [True]

    async def belated(*parts: Any) -> Any:
        link = await attempt(*parts)
        if late:
            late.pop()
            link.abort()
            raise TimeoutError
        return link

    async with Server("load", **inside) as server:
        client = Client("load", reconnect_delay=0.01, **inside)
        await client.connect()
        monkeypatch.setattr(client_module, "attempt", belated)
        host: Any = server._host
        host.registry.get(1).connection.abort()
        await until(lambda: client.client_id == 3)
        for _ in range(20):
            await asyncio.sleep(0.002)
        assert server.stats.connections == 3
        await client.disconnect()


async def test_what_ends_a_request_and_its_write_is_no_noise(
    inside: dict[str, Any], caplog: pytest.LogCaptureFixture, until: Any
) -> None:
    async with Server("load", handler_queue=1, **inside) as server:

        @server.on_message
        async def _(info: ClientInfo, message: Any) -> None:
            await asyncio.Event().wait()

        async with Client("load", reconnect=False, **inside) as client:
            big = {"fill": "x" * 500_000}
            asked = [
                asyncio.create_task(client.request(big)) for _ in range(8)
            ]
            await until(lambda: server.clients[1].received)
            server.disconnect(1, "enough")
            results = await asyncio.gather(*asked, return_exceptions=True)
            assert {type(result) for result in results} == {ConnectionClosed}
    gc.collect()
    assert "never retrieved" not in caplog.text


async def test_a_message_larger_than_the_server_takes(
    inside: dict[str, Any],
) -> None:
    async with (
        Server("load", max_message_bytes=1000, **inside),
        Client("load", **inside) as client,
    ):
        with pytest.raises(MessageError, match="the server takes"):
            await client.send({"fill": "x" * 2000})


async def test_an_attempt_that_gets_no_answer_is_tried_again(
    told: dict[str, Any], tmp_path: Any, until: Any
) -> None:
    server = Server("load", **told)
    await server.start()
    client = Client("load", default_timeout=0.1, reconnect_tries=2, **told)
    await client.connect()
    place = server.addresses["main"].removeprefix("unix:")
    await server.stop()
    # Somebody who listens and says nothing.
    loop = asyncio.get_running_loop()
    mute = await loop.create_unix_server(asyncio.Protocol, place)
    async with mute:
        with pytest.raises(Exception, match="after 2 tries") as caught:
            await client.receive()
    assert isinstance(caught.value.__cause__, TimedOut)
    await client.disconnect()


async def test_disconnect_from_its_own_callback(
    inside: dict[str, Any], until: Any
) -> None:
    for name in ("on_disconnect", "on_reconnect", "on_gap"):
        server = Server("load", **inside)
        await server.start()
        client = Client("load", reconnect_delay=0.01, **inside)
        done = asyncio.Event()

        async def leave(
            client: Client, *_: Any, done: asyncio.Event = done
        ) -> None:
            await client.disconnect()
            done.set()

        getattr(client, name)(leave)
        await client.connect()
        await server.stop()
        await server.start()
        async with asyncio.timeout(20):
            await done.wait()
        assert not client.connected
        await client.disconnect()
        await server.stop()
    await until(lambda: len(asyncio.all_tasks()) == 1)


async def test_disconnect_gives_up_on_a_server_that_reads_nothing(
    inside: dict[str, Any],
) -> None:
    async with Server("load", handler_queue=1, **inside) as server:

        @server.on_message
        async def _(info: ClientInfo, message: Any) -> None:
            await asyncio.Event().wait()

        client = Client("load", drain_timeout=0.05, **inside)
        await client.connect()
        writing = asyncio.create_task(_pour(client))
        await asyncio.sleep(0.01)
        async with asyncio.timeout(20):
            await client.disconnect()
        with pytest.raises(ConnectionClosed):
            await writing


async def _pour(client: Client) -> None:
    while True:
        await client.send({"fill": "x" * 100_000})


def test_a_client_may_connect_again_in_another_loop(
    inside: dict[str, Any],
) -> None:
    """What it keeps to wait with is not the first loop's."""
    client = Client("load", **inside)

    async def once(number: int) -> tuple[int, int]:
        async with Server("load", **inside) as server, client:
            server.on_message(lambda client, message: message.data)
            for _ in range(2):
                waiting = asyncio.create_task(client.receive())
                await asyncio.sleep(0)
                server.broadcast({"i": number})
                heard = (await waiting).data["i"]
            answer = await client.request({"i": number}, timeout=60 * number)
            with pytest.raises(TimedOut):
                await client.request({"i": 0}, timeout=0)
            return heard, answer.data["i"]

    assert asyncio.run(once(1)) == (1, 1)
    assert asyncio.run(once(2)) == (2, 2)


async def test_a_request_that_cannot_be_written_ends_in_time(
    inside: dict[str, Any],
) -> None:
    async with Server("load", **inside), Client("load", **inside) as client:
        link = client._link
        assert link is not None
        link.pause_writing()
        with pytest.raises(TimedOut, match="no answer"):
            await client.request({}, timeout=0.02)
        link.resume_writing()
        assert link.is_free
        assert client._requests == {}
