"""The rig that the checks of transports stand on."""

from __future__ import annotations

import asyncio

import pytest

from plugwire import AlreadyRunning, PlugwireError
from plugwire.memory import Memory
from plugwire.testing.transport.base import (
    Rig,
    TransportBase,
    check_words,
    refused,
)
from plugwire.testing.transport.posts import posted
from plugwire_unix import Unix


@pytest.fixture
def rig(tmp_path) -> Rig:
    return Rig(Unix, tmp_path / "run")


def test_each_side_is_of_an_instance_of_its_own(tmp_path) -> None:
    made = []

    def make() -> Memory:
        made.append(Memory())
        return made[-1]

    rig = Rig(make, tmp_path)
    assert rig.listener().address == "kit"
    assert rig.listener("side").address == "kit.side"
    assert rig.connector("kit.side").address == "kit.side"
    assert len(made) == 3


def test_a_connection_is_made_and_cut(rig) -> None:
    async def check() -> None:
        async with rig.connected() as (near, far):
            near.transport.write(b"word")
            assert await far.read(4) == b"word"
        assert far.lost
        await rig.once()

    TransportBase.run(check())
    assert rig.files() == set()


def test_who_only_looks_is_passed_by(rig) -> None:
    async def check() -> None:
        async with posted(rig.listener()) as post:
            assert isinstance(await refused(rig), AlreadyRunning)
            _, far = await rig.reach(post)
            assert not far.ended
            await rig.settle(post)
            assert post.ends == []

    TransportBase.run(check())


def test_who_is_not_refused_is_closed_again(rig) -> None:
    async def check() -> None:
        with pytest.raises(AssertionError, match="found it open"):
            await refused(rig)
        await TransportBase.unreached(rig, None)

    TransportBase.run(check())


def test_locks_are_no_files(rig) -> None:
    rig.folder.mkdir()
    (rig.folder / "kit.lock").touch()
    (rig.folder / "kit.sock").touch()
    assert rig.files() == {"kit.sock"}
    assert rig.beside().folder != rig.folder


def test_words_are_some_words() -> None:
    check_words(PlugwireError("it is served; stop it"))
    with pytest.raises(AssertionError, match="in words"):
        check_words(PlugwireError("no"))


def test_a_second_process_waits_as_long_as_it_takes() -> None:
    async def answer() -> int:
        await asyncio.sleep(0)
        return 42

    assert TransportBase.unbounded(answer()) == 42
