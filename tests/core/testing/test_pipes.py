"""Servers and clients for a check, of the kit's companions."""

from __future__ import annotations

import asyncio

import pytest

from plugwire import ConfigurationError
from plugwire.testing.companions import LinesEncoder, ShelfQueue
from plugwire.testing.pipes import Pipes, take, until


async def test_they_find_one_another(tmp_path) -> None:
    pipes = Pipes(tmp_path / "plugwire")
    server = pipes.server()
    async with server, pipes.client() as client:
        await until(lambda: server.has_clients)
        server.broadcast({"n": 1})
        server.broadcast({"n": 2})
        assert [m.data["n"] for m in await take(client, 2)] == [1, 2]
        assert not list(tmp_path.rglob("*.sock"))


async def test_until_waits(tmp_path) -> None:
    done = []
    asyncio.get_running_loop().call_later(0.01, done.append, 1)
    await until(lambda: done)


def test_a_pipeline_is_of_the_companions(tmp_path) -> None:
    pipeline = Pipes(tmp_path).pipeline()
    assert isinstance(pipeline.doors[0].encoder, LinesEncoder)
    assert isinstance(pipeline.queue, ShelfQueue)
    with pytest.raises(ConfigurationError):
        Pipes(tmp_path).pipeline(permissions=())


def test_a_context_is_of_this_place(tmp_path) -> None:
    context = Pipes(tmp_path).context("client", endpoint="kit.side")
    assert (context.side, context.event) == ("client", "kit")
    assert (context.endpoint, context.socket_dir) == ("kit.side", tmp_path)
