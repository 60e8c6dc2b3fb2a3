"""Listeners as checks hold them: of sockets, and of streams."""

from __future__ import annotations

import asyncio

import pytest

from plugwire import AlreadyRunning
from plugwire.memory import Memory
from plugwire.testing.transport.ends import alone, call
from plugwire.testing.transport.posts import Post, posted
from plugwire_unix import Unix

PLUGINS = pytest.mark.parametrize("plugin", [Memory, Unix])


@PLUGINS
def test_a_post_is_open_for_as_long_as_its_block(plugin, tmp_path) -> None:
    async def check() -> None:
        sides = plugin()
        listener = sides.bind("kit", tmp_path / "run")
        async with posted(listener) as post:
            near = await call(sides.connect("kit", tmp_path / "run"), None)
            far = await post.next()
            near.transport.write(b"word")
            assert await far.read(4) == b"word"
            assert post.ends == [far]
            rival = Post(sides.bind("kit", tmp_path / "run"))
            with pytest.raises(AlreadyRunning):
                await rival.open()
        assert far.lost
        async with posted(listener):
            pass

    asyncio.run(alone(check()))


@PLUGINS
def test_what_fails_in_the_block_closes_it(plugin, tmp_path) -> None:
    async def check() -> None:
        sides = plugin()
        with pytest.raises(LookupError):
            async with posted(sides.bind("kit", tmp_path / "run")):
                raise LookupError
        async with posted(sides.bind("kit", tmp_path / "run")):
            pass

    asyncio.run(alone(check()))


def test_who_never_comes_is_missed_with_what_failed(tmp_path) -> None:
    async def check() -> None:
        sides = Unix()
        listener = sides.bind("kit", tmp_path / "run")
        listener.accepted = None
        async with posted(listener) as post:
            near = await call(sides.connect("kit", tmp_path / "run"), None)
            await near.end()
            with pytest.raises(AssertionError, match="NoneType"):
                await post.next()

    asyncio.run(alone(check()))
