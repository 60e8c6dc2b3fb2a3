"""The second process, and what becomes of it."""

from __future__ import annotations

import asyncio

import pytest

from plugwire.testing.transport.base import Rig
from plugwire.testing.transport.recipe import recipe
from plugwire.testing.transport.second import second
from plugwire_unix import Unix


@pytest.fixture
def rig(tmp_path) -> Rig:
    return Rig(Unix, tmp_path / "run", recipe(Unix, {}))


def test_it_ends_with_its_block(rig) -> None:
    async def check() -> int:
        async with second(rig, "listen") as other:
            assert (await other.says())["address"].endswith("kit.sock")
            assert rig.files() == {"kit.sock"}
        return other.pid

    assert asyncio.run(check()) > 0
    assert rig.files() == set()


def test_killed_it_leaves_what_a_crash_leaves(rig) -> None:
    async def check() -> None:
        async with second(rig, "listen") as other:
            await other.says()
            await other.kill()

    asyncio.run(check())
    assert rig.files() == {"kit.sock"}


def test_its_last_words_are_told(rig) -> None:
    async def check() -> None:
        async with second(rig, "no such role") as other:
            with pytest.raises(AssertionError, match="KeyError: 'no such"):
                await other.says()
            with pytest.raises(AssertionError, match="it ended with 1"):
                await other.stop()

    asyncio.run(check())


def test_it_does_not_outlive_a_check_that_fails(rig) -> None:
    async def check() -> None:
        async with second(rig, "listen") as other:
            await other.says()
            raise LookupError

    with pytest.raises(LookupError):
        asyncio.run(check())
    assert rig.files() == {"kit.sock"}  # it was killed
