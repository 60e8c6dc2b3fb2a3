"""The roles of the second process, each played once."""

from __future__ import annotations

import asyncio

import pytest

from plugwire.testing.transport.base import Rig
from plugwire.testing.transport.child import ROLES
from plugwire.testing.transport.ends import alone, call
from plugwire.testing.transport.posts import posted
from plugwire.testing.transport.recipe import recipe
from plugwire.testing.transport.second import second
from plugwire_unix import Unix


@pytest.fixture
def rig(tmp_path) -> Rig:
    return Rig(Unix, tmp_path / "run", recipe(Unix, {}))


def run(check) -> None:
    asyncio.run(alone(check()))


def test_these_are_the_roles() -> None:
    assert set(ROLES) == {"listen", "dial", "serve", "join"}


def test_listen_echoes_and_says_who_came(rig) -> None:
    async def check() -> None:
        async with second(rig, "listen") as other:
            near = await call(rig.connector(), (await other.says())["address"])
            near.transport.write(b"echo")
            assert await near.read(4) == b"echo"
            assert set((await other.says())["peer"]) == {"uid", "gid", "pid"}
            near.transport.write_eof()
            await near.end()

    run(check)


def test_dial_echoes_and_says_who_serves(rig) -> None:
    async def check() -> None:
        async with posted(rig.listener()) as post:
            told = post.listener.address
            async with second(rig, "dial", told) as other:
                assert "peer" in await other.says()
                far = await post.next()
                far.transport.write(b"echo")
                assert await far.read(4) == b"echo"
            await far.end()

    run(check)


def test_who_finds_nobody_says_so(rig) -> None:
    async def check() -> None:
        async with second(rig, "dial") as other:
            said = await other.says()
            assert said["failed"] == "ConnectionFailed"
            assert said["words"]

    run(check)


def test_listen_says_why_it_cannot(rig) -> None:
    async def check() -> None:
        async with (
            posted(rig.listener()),
            second(rig, "listen") as other,
        ):
            assert (await other.says())["failed"] == "AlreadyRunning"

    run(check)


def test_serve_and_join_meet(rig) -> None:
    async def check() -> None:
        async with second(rig, "serve") as server:
            assert "main" in (await server.says())["addresses"]
            async with second(rig, "join") as client:
                assert "answer" in await client.says()
                server.tell("news")
                assert await client.says() == {"heard": {"text": "news"}}

    run(check)
