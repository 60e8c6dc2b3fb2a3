"""What a peer is: the few things that every workload asks of it.

A peer stands in two or three processes: one serves, others receive or ask. A
blocking peer's methods are plain, an asyncio peer's are coroutines; the rest
is the same. `receive` opens a client for each of `takes`, calls `connected`
when all of them are subscribed, and returns when each `take` has said that
it has had its last message. What is opened stays open: `Peer.keep` holds it
as long as the process lives.
"""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
import struct
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, ClassVar, TypeVar

from benchmarks.record import Data, Take, data
from benchmarks.spec import Spec

T = TypeVar("T")

HEAD = struct.Struct(">I")
GREETING = 0
"""The sequence number of the record that greets a newcomer."""

WORKLOADS = frozenset(
    {"fanout", "awaited", "stream", "bulk", "paced", "idle", "startup"}
)


class Peer:
    """`name` is its word on the command line and in the tables.

    `needs` are modules, `program` a server on the PATH; without them the
    peer is left out, with a word. `can` names the workloads it takes part
    in. `most` bounds the clients that it bears. A peer that `greets` hands
    each newcomer a message; of the others a client is there once its
    subscription is acknowledged. `answerer` names the peer whose process
    answers this one's requests, where it is another.
    """

    needs: ClassVar[tuple[str, ...]] = ()
    program: ClassVar[str | None] = None
    greets: ClassVar[bool] = True

    def __init__(
        self,
        name: str,
        *,
        can: Iterable[str] = WORKLOADS,
        transport: str = "unix",
        codec: str = "msgpack",
        loop: str = "asyncio",
        most: int = 100_000,
        answerer: str | None = None,
    ) -> None:
        self.name = name
        self.can = frozenset(can)
        self.transport = transport
        self.codec = codec
        self.loop = loop
        self.most = most
        self.answerer = answerer or name
        self._kept: list[Any] = []

    def keep(self, opened: T) -> T:
        """Hold on to `opened`; nothing is closed before the process ends."""
        self._kept.append(opened)
        return opened

    def missing(self) -> str | None:
        """Why it cannot run here, or None."""
        needed = list(self.needs)
        if self.loop == "uvloop":
            needed.append("uvloop")
        for module in needed:
            if importlib.util.find_spec(module) is None:
                return f"no module {module}"
        if self.program and shutil.which(self.program) is None:
            return f"no program {self.program}"
        return None

    def first_message(self, spec: Spec) -> str | None:
        """A program that connects, decodes one message and is done."""
        return None


class BlockingPeer(Peer, ABC):
    """A peer whose calls block."""

    @abstractmethod
    def serve(self, spec: Spec) -> None:
        """Listen. Newcomers are greeted where `spec.pattern` is `greet`."""

    @abstractmethod
    def joined(self, count: int) -> None:
        """Return when `count` clients will get what is published."""

    @abstractmethod
    def publish(self, content: Iterable[Data]) -> None:
        """All of it, as fast as it goes; nothing may be dropped."""

    @abstractmethod
    def publish_one(self, content: Data) -> None:
        """One message, handed to the kernel when this returns."""

    @abstractmethod
    def receive(
        self, spec: Spec, takes: Sequence[Take], connected: Callable[[], None]
    ) -> None:
        """See the module."""

    def answer(self, spec: Spec, ready: Callable[[], None]) -> None:
        """Serve requests, each answered with its own data, until killed;
        `ready` is called once it listens."""
        raise NotImplementedError(self.name)

    def asker(self, spec: Spec) -> Callable[[Data], Data]:
        """Connect; what is returned asks and gives the answer's data."""
        raise NotImplementedError(self.name)


class AsyncPeer(Peer, ABC):
    """A peer in an event loop."""

    @abstractmethod
    async def serve(self, spec: Spec) -> None: ...

    @abstractmethod
    async def joined(self, count: int) -> None: ...

    @abstractmethod
    async def publish(self, content: Iterable[Data]) -> None: ...

    @abstractmethod
    async def publish_one(self, content: Data) -> None: ...

    @abstractmethod
    async def receive_one(
        self, spec: Spec, take: Take, connected: Callable[[], None]
    ) -> None:
        """One client of `receive`."""

    async def receive(
        self, spec: Spec, takes: Sequence[Take], connected: Callable[[], None]
    ) -> None:
        """All clients at once, or in waves of `spec.wave`."""
        waiting = len(takes)
        wave = asyncio.Semaphore(spec.wave or waiting)

        async def one(take: Take) -> None:
            await wave.acquire()
            await self.receive_one(spec, take, there)

        def there() -> None:
            nonlocal waiting
            waiting -= 1
            wave.release()
            if not waiting:
                connected()

        async with asyncio.TaskGroup() as group:
            for take in takes:
                group.create_task(one(take))

    async def answer(self, spec: Spec, ready: Callable[[], None]) -> None:
        """The same; may return while the loop serves on."""
        raise NotImplementedError(self.name)

    async def asker(self, spec: Spec) -> Callable[[Data], Awaitable[Data]]:
        raise NotImplementedError(self.name)

    async def push(self, content: Data) -> None:
        """One paced message; need not wait for anything."""
        await self.publish_one(content)


def greeting() -> Data:
    """The data of the message that a newcomer gets."""
    return data(GREETING)


def address(spec: Spec) -> str:
    """The path of the peer's socket."""
    return f"{spec.folder}/s"
