"""What only asyncio has, and so runs on no other face.

A task, a coroutine of a handler, a wait for a slow client can be cancelled,
and what is cancelled must lose nothing; nobody can cancel a thread, whose
time-out does instead (`test_timeouts.py`). And an asyncio program's signals
are its loop's, in this very process: a blocking server's are heeded in a
main thread that it has for itself, which only a child process can give it.
"""

from __future__ import annotations

import asyncio
import os
import signal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from worlds import DEADLINE, World, numbers

from plugwire import (
    Client,
    ClientInfo,
    Message,
    Refused,
    RequestFailed,
    TimedOut,
)

pytestmark = pytest.mark.parametrize("face", ["asyncio"])


async def test_a3_signals_in_this_very_process(world: World) -> None:
    async with world.server(drain_timeout=3600) as server:
        serving = asyncio.create_task(server.serve_forever())
        client = world.client(buffer_size=1, reconnect=False)
        await client.connect()
        await world.fill(server)
        os.kill(os.getpid(), signal.SIGTERM)
        await world.until(lambda: not server.running)
        os.kill(os.getpid(), signal.SIGTERM)  # the second cuts it short
        async with asyncio.timeout(DEADLINE):
            await serving
        await client.disconnect()


async def test_a4_a_hanging_handler_is_cancelled_when_its_client_goes(
    world: World,
) -> None:
    ended: list[str] = []
    server = world.server(drain_timeout=0)

    @server.on_message
    async def _(client: ClientInfo, message: Message) -> None:
        ended.append("asked")
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append("cancelled")

    server.on_disconnect(lambda client, reason: ended.append(reason))
    async with server:
        async with world.client() as one:
            await one.send({})
            await world.until(lambda: ended)
        await world.until(lambda: len(ended) == 3)
        async with world.client(reconnect=False) as two:
            await two.send({})
            await world.until(lambda: len(ended) == 4)
            await server.stop("good night")
    assert ended == [
        "asked", "cancelled", "the client went away",
        "asked", "cancelled", "good night",
    ]  # fmt: skip
    assert len(asyncio.all_tasks()) == 1


async def test_a4_on_connect_that_hangs_is_cancelled(world: World) -> None:
    async with world.server(handshake_timeout=0.05) as server:
        ended = asyncio.Event()

        @server.on_connect
        async def _(client: ClientInfo) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

        with pytest.raises(Refused, match="handshake_timeout"):
            await world.client().connect()
        assert ended.is_set()


async def test_a9_a_flush_that_is_cancelled_harms_nothing(
    world: World,
) -> None:
    async with (
        world.server(outbox_messages=10_000) as server,
        world.client(buffer_size=1) as client,
    ):
        said = await world.fill(server)
        waiting = asyncio.create_task(server.flush(low=0))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert len(server.clients) == 1
        assert numbers(await world.take(client, said)) == list(range(said))


async def test_b16_a_handler_that_cancels_itself_is_answered(
    world: World,
) -> None:
    async with world.server() as server, world.client() as client:

        @server.on_message
        async def _(client: ClientInfo, message: Message) -> None:
            raise asyncio.CancelledError

        with pytest.raises(RequestFailed, match="cancelled"):
            await client.request({})


async def test_c6_a_stop_that_is_cancelled_cuts(world: World) -> None:
    server = world.server(drain_timeout=3600)
    await server.start()
    client = world.client(buffer_size=1, reconnect=False)
    await client.connect()
    await world.fill(server)
    stopping = asyncio.create_task(server.stop())
    await world.until(lambda: not server.running)
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping
    assert server.addresses == {}
    await client.disconnect()
    assert len(asyncio.all_tasks()) == 1


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    turns=st.lists(
        st.tuples(
            st.sampled_from(["receive", "iterate", "timeout", "request"]),
            st.integers(0, 6),
        ),
        max_size=40,
    )
)
def test_cancelled_or_timed_out_nothing_is_lost(
    world: World, turns: list[tuple[str, int]]
) -> None:
    world.run(_cancelling(world, turns))


async def _cancelling(world: World, turns: list[tuple[str, int]]) -> None:
    async with world.server() as server, world.client(buffer_size=4) as client:
        server.on_message(lambda client, message: message.data)
        seen: list[int] = []
        said = 0
        for act, steps in turns:
            for _ in range(steps):
                server.broadcast({"i": said})
                said += 1
            task = asyncio.create_task(_act(client, act))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            try:
                got = await task
            except (asyncio.CancelledError, TimedOut):
                continue
            if got is not None:
                seen += numbers([got])
        seen += numbers(await world.take(client, said - len(seen)))
        assert seen == list(range(said))


async def _act(client: Client, act: str) -> Message | None:
    match act:
        case "receive":
            return await client.receive()
        case "timeout":
            return await client.receive(timeout=0)
        case "iterate":
            return await anext(aiter(client))
    await client.request({"i": -1})
    return None


async def test_a_send_is_whole_or_not_at_all(world: World) -> None:
    async with world.server(handler_queue=1) as server:
        heard: list[int] = []
        go = asyncio.Event()

        @server.on_message
        async def _(info: ClientInfo, message: Message) -> None:
            await go.wait()
            heard.append(message.data["i"])

        async with world.client() as client:
            sent = []
            for number in range(400):
                sending = asyncio.create_task(
                    client.send({"i": number, "fill": "x" * 20_000})
                )
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                if not sending.done():
                    sending.cancel()
                try:
                    await sending
                except asyncio.CancelledError:
                    continue
                sent.append(number)
            assert len(sent) < 400
            go.set()
            await client.flush()
            await world.until(lambda: len(heard) >= len(sent))
            assert heard == sent
