"""Cancelled or timed out at any point: nothing lost, doubled or torn."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from worlds import DEADLINE, World, numbers

from plugwire import (
    Client,
    ClientInfo,
    ConnectionClosed,
    ConnectionFailed,
    Message,
    TimedOut,
)

CHECKS = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
WORLDS = pytest.mark.parametrize(
    ("transport", "codec"),
    [("unix", "msgpack"), ("tcp", "json"), ("memory", "msgpack")],
)
"""Each transport and each codec once: these take their time."""
WAITS = (0.0, 0.0005, 0.002)
"""Seconds: over before, while and after a message comes, as it happens."""


async def turns(count: int) -> None:
    """Let everything else have `count` turns of the loop."""
    for _ in range(count):
        await asyncio.sleep(0)


async def cut_short(
    world: World, task: asyncio.Task[Any], after: int
) -> tuple[bool, Any]:
    """Whether `task` ended by itself, and its result; it is cancelled after
    so many turns. A blocking call cannot be: it has a time-out."""
    if not world.blocks:
        await turns(after)
        task.cancel()
    try:
        return True, await task
    except (asyncio.CancelledError, TimedOut):
        return False, None


async def receiving(client: Client, how: str, wait: float | None) -> Message:
    if how == "iterate" and wait is None:
        return await anext(aiter(client))
    return await client.receive(timeout=wait)


STEPS = st.lists(
    st.tuples(
        st.integers(0, 4),  # broadcasts before
        st.sampled_from(["receive", "iterate"]),
        st.integers(0, 9),  # turns until it is cancelled
        st.integers(0, 3),  # broadcasts meanwhile
        st.integers(1, 3),  # tasks that receive at once
    ),
    min_size=1,
    max_size=60,
)


@WORLDS
@settings(max_examples=8, suppress_health_check=CHECKS)
@given(steps=STEPS, room=st.sampled_from([1, 4, 4096]))
def test_a_receive_that_is_cut_short_loses_nothing(
    world: World, steps: list[tuple[int, str, int, int, int]], room: int
) -> None:
    world.run(_cutting_receives(world, steps, room))


async def _cutting_receives(
    world: World, steps: list[tuple[int, str, int, int, int]], room: int
) -> None:
    async with (
        world.server() as server,
        world.client(buffer_size=room) as client,
    ):
        seen: list[int] = []
        said = 0

        def say(count: int) -> None:
            nonlocal said
            for _ in range(count):
                server.broadcast({"i": said})
                said += 1

        for first, how, after, second, at_once in steps:
            say(first)
            wait = WAITS[after % 3] if world.blocks or after % 4 == 0 else None
            tasks = [
                asyncio.create_task(receiving(client, how, wait))
                for _ in range(at_once)
            ]
            await turns(after // 2)
            say(second)
            for task in tasks:
                _, message = await cut_short(world, task, after // 2)
                if message is not None:
                    seen.append(message.data["i"])
        seen += numbers(await world.take(client, said - len(seen)))
        # Several receive at once: who is first is not for us to say.
        assert sorted(seen) == list(range(said))
        if all(step[4] == 1 for step in steps):
            assert seen == sorted(seen)


@WORLDS
@pytest.mark.parametrize("size", [100, 60_000])
async def test_a_send_that_is_cut_short_is_whole_or_not_at_all(
    world: World, size: int
) -> None:
    # The server reads only now and then, so that sends wait in the middle.
    async with world.server(handler_queue=2) as server:
        heard: list[int] = []
        go = world.Event()

        @server.on_message
        async def _(info: ClientInfo, message: Message) -> None:
            await go.wait()
            assert message.data["fill"] == "x" * size
            heard.append(message.data["i"])

        async with world.client() as client:
            dice = random.Random(size)
            sure: list[int] = []
            said = 0
            for _ in range(60):
                tasks = []
                for _ in range(dice.randrange(1, 6)):
                    data = {"i": said, "fill": "x" * size}
                    tasks.append(
                        (said, asyncio.create_task(client.send(data)))
                    )
                    said += 1
                if dice.random() < 0.4 or world.blocks:
                    go.set()
                for number, task in tasks:
                    done, _ = await cut_short(world, task, dice.randrange(6))
                    if done:
                        sure.append(number)
                if not world.blocks:
                    go.clear()
            go.set()
            await client.flush()
            answer = await client.request({"i": said, "fill": "x" * size})
            assert answer.data == {}
            assert heard[-1] == said
            assert sorted(heard[:-1]) == sorted(sure)
            assert len(set(heard)) == len(heard)
            if not world.blocks:
                assert heard[:-1] == sure
                assert 0 < len(sure) < said or size == 100


@WORLDS
async def test_requests_that_are_cut_short_take_no_others_answer(
    world: World,
) -> None:
    async with world.server() as server, world.client() as client:
        dice = random.Random(7)

        @server.on_message
        async def _(info: ClientInfo, message: Message) -> dict[str, Any]:
            await turns(dice.randrange(3))
            return message.data

        said = 0
        for _ in range(150):
            tasks = []
            for _ in range(dice.randrange(1, 5)):
                wait = dice.choice(WAITS) if world.blocks else None
                data = {"i": said}
                asking = client.request(data, timeout=wait)
                tasks.append((said, asyncio.create_task(asking)))
                said += 1
            if dice.random() < 0.3:
                server.broadcast({"b": said})
            for number, task in tasks:
                done, answer = await cut_short(world, task, dice.randrange(6))
                if done:
                    assert answer.data == {"i": number}
        assert (await client.request({"i": -1})).data == {"i": -1}
        assert client.connected


@WORLDS
async def test_connects_that_are_cut_short_leave_nothing(
    world: World,
) -> None:
    async with world.server(max_connections=5) as server:
        for after in range(40):
            client = world.client(
                default_timeout=WAITS[after % 3] if world.blocks else DEADLINE
            )
            task = asyncio.create_task(client.connect())
            if not world.blocks:
                await turns(after // 2)
                task.cancel()
            with suppress(
                asyncio.CancelledError, ConnectionClosed, ConnectionFailed
            ):
                await task
            await client.disconnect()
        await world.until(lambda: not server.clients)
        async with world.clients(5):  # every slot is free again
            assert len(server.clients) == 5
