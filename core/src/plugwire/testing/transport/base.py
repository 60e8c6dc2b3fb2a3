"""What the checks of transports share: a plugin's two sides, and a folder."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import (
    AsyncIterator,
    Callable,
    Coroutine,
    Iterator,
    Mapping,
)
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest

from plugwire.compose import compose_client
from plugwire.errors import AlreadyRunning, ConnectionFailed, PlugwireError
from plugwire.interfaces import Connector, Listener
from plugwire.loading import gather
from plugwire.plugins import Kind
from plugwire.testing.pipes import EVENT, Pipes
from plugwire.testing.suite import Suite
from plugwire.testing.transport import sight
from plugwire.testing.transport.ends import End, alone, call, hang_up
from plugwire.testing.transport.posts import Post, posted
from plugwire.testing.transport.recipe import recipe

_Answer = TypeVar("_Answer")


class Rig:
    """Makes listeners and connectors of the plugin, each from an instance of
    its own, as servers and clients do. `folder` is their `socket_dir`;
    `recipe` says how another process makes an instance."""

    def __init__(
        self,
        make: Callable[[], Any],
        folder: Path,
        recipe: Mapping[str, Any] | None = None,
    ) -> None:
        self.make = make
        self.folder = folder
        self.recipe = recipe
        self.pipes = Pipes(folder)

    def beside(self) -> Rig:
        """The same in a folder of its own."""
        folder = self.folder.with_name("other")
        return Rig(self.make, folder, self.recipe)

    def listener(self, door: str = "main") -> Listener:
        """The listener of `door` of the kit's event, not open."""
        doors: dict[str, dict[str, Any]] = {"main": {}, "side": {}}
        made = self.pipes.pipeline(transport=self.make(), listen=doors)
        return {each.door: each.listener for each in made.doors}[door]

    def connector(self, endpoint: str = EVENT) -> Connector:
        """A connector to `endpoint`, not connected."""
        base = {"socket_dir": str(self.folder)}
        changed = self.pipes.settings(transport=self.make())
        settings, problems = gather(base, changed)
        return compose_client(
            EVENT,
            settings,
            door="main",
            endpoint=endpoint,
            transport=settings.transport,
            codec=settings.codec,
            problems=problems,
        ).connector

    async def once(self) -> None:
        """Open, connect, end, close."""
        async with posted(self.listener()) as post:
            near, _ = await self.call(post)
            near.transport.close()
            await near.gone()

    async def call(self, post: Post) -> tuple[End, End]:
        """A new connection to `post`: the client's end, the server's."""
        near = await call(self.connector(), post.listener.address)
        return near, await post.next()

    async def reach(self, post: Post) -> tuple[End, End]:
        """As `call`, where others may have come who only look whether the
        listener lives, and go without a word."""
        near = await call(self.connector(), post.listener.address)
        near.transport.write(b"?")
        while True:
            far = await post.next()
            if await far.word():
                return near, far

    async def settle(self, post: Post) -> None:
        """Cut all connections of `post`, those that were on their way to it
        too."""
        near, _ = await self.reach(post)
        await hang_up(near, *post.ends)
        post.ends.clear()

    @contextlib.asynccontextmanager
    async def connected(
        self, *, small: bool = False
    ) -> AsyncIterator[tuple[End, End]]:
        """One connection, for `async with`: the client's end, the
        server's."""
        async with posted(self.listener(), small=small) as post:
            yield await self.call(post)

    def files(self) -> set[str]:
        """What is in the folder; it need not be there. Locks do not count:
        their files stay, for one that was removed could be held twice."""
        found = sight.files(self.folder)
        return {name for name in found if not name.endswith(".lock")}


class TransportBase(Suite):
    """Fixtures of all the checks; see `TransportSuite`."""

    KIND: ClassVar[Kind] = "transport"
    CAPABILITIES: ClassVar[Mapping[str, str]] = {
        "sockets": "it hands over sockets, which any face can drive",
        "processes": "other processes reach it",
        "identity": "uid, gid and pid of a peer are the kernel's word",
        "computed": "a client needs not be told the address",
        "exclusive": "an endpoint has one address, so that a second listener"
        " is turned away with AlreadyRunning",
        "files": "a listener that is open has files in socket_dir",
        "half_close": "one direction can end while the other goes on",
    }

    @staticmethod
    def run(coroutine: Coroutine[Any, Any, _Answer]) -> _Answer:
        """As any suite's; the connections that are left are cut."""
        return Suite.run(alone(coroutine))

    @staticmethod
    def unbounded(coroutine: Coroutine[Any, Any, _Answer]) -> _Answer:
        """As `run`, for as long as it takes: the second process's."""
        return asyncio.run(alone(coroutine))

    @pytest.fixture
    def folder(self) -> Iterator[Path]:
        """A `socket_dir` that is not made yet. Its path is short: a Unix
        socket's may have 108 bytes in all."""
        place = Path(tempfile.mkdtemp(prefix="pw-"))
        yield place / "run"
        shutil.rmtree(place)

    @pytest.fixture
    def rig(self, section: Mapping[str, Any], folder: Path) -> Rig:
        """What makes the plugin's two sides."""
        made = recipe(self.plugin, section)
        return Rig(lambda: self.make(section), folder, made)

    @staticmethod
    def see_descriptors() -> None:
        """Skip the check where the system does not show descriptors."""
        if not sight.can_see_descriptors():
            pytest.skip("this system does not list a process's descriptors")

    @staticmethod
    async def unreached(rig: Rig, told: str | None) -> None:
        """Nobody answers there, and a client is told so."""
        with pytest.raises(ConnectionFailed):
            await call(rig.connector(), told)


def check_words(error: PlugwireError) -> None:
    """Fail where the error says too little to be of use."""
    words = str(error).split()
    assert len(words) >= 4, (
        "expected what is wrong and what to do about it in words, found "
        f"{str(error)!r}"
    )


async def refused(rig: Rig, post: Post | None = None) -> AlreadyRunning:
    """With what words a second listener is turned away; fails where it is
    not."""
    second = post or Post(rig.listener())
    try:
        await second.open()
    except AlreadyRunning as error:
        return error
    await second.close()
    raise AssertionError("expected AlreadyRunning, found it open")
