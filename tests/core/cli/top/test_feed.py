"""From the wire into the model, with real servers."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from plugwire import ConnectionFailed, Server, load_settings
from plugwire.cli.top.feed import Tally, listen
from plugwire.cli.top.model import Model


def tally(model, **overrides):
    settings = load_settings(reconnect_delay=0.01, reconnect_cap=0.05,
                             **overrides)  # fmt: skip
    return Tally("load", door=None, settings=settings, sized=model.size)


@asynccontextmanager
async def listening(model):
    task = asyncio.create_task(listen(tally(model), model))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


async def until(look):
    async with asyncio.timeout(20):
        while not look():
            await asyncio.sleep(0.01)


async def test_messages_and_their_sizes_come_to_the_model():
    model = Model("load")
    async with Server("load") as server, listening(model):
        await until(lambda: model.standing.kind == "connected")
        assert (model.door, model.codec) == ("main", "msgpack")
        assert model.client_id in server.clients
        server.broadcast({"a": 1.5, "text": "x" * 1000})
        await until(lambda: model.messages == 1)
        assert model.board.rows[0].value == 1.5
        assert model.meter.read(model.now()).bytes >= 1000
        assert 0 <= model.lag < 20_000


async def test_a_restart_is_told_with_its_gap():
    model = Model("load")
    async with listening(model):
        async with Server("load"):
            await until(lambda: model.standing.kind == "connected")
        await until(lambda: model.standing.kind == "away")
        assert model.standing.why
        async with Server("load") as server:
            await until(lambda: model.standing.kind == "connected")
            await until(lambda: model.unknown == 1)
            server.broadcast({"a": 1})
            await until(lambda: model.messages == 1)


async def test_an_end_for_good_is_told_and_ends_it():
    model = Model("load")
    async with Server("load") as server, listening(model) as task:
        await until(lambda: model.standing.kind == "connected")
        server.disconnect(model.client_id, "go\x1b away")
        async with asyncio.timeout(20):
            await task
        assert model.standing.kind == "ended"
        assert "go\\x1b away" in model.standing.why


async def test_nobody_there_is_raised():
    model = Model("load")
    with pytest.raises(ConnectionFailed):
        await listen(tally(model, default_timeout=0.05), model)
    assert model.standing.kind == "connecting"
