"""The limit in a loop: what an expert writes by hand for this one purpose.

Bodies are encoded once, writes coalesced to 64 KiB, chunks decoded whole.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from benchmarks.peers.base import (
    WORKLOADS,
    AsyncPeer,
    address,
    greeting,
)
from benchmarks.peers.limit_codec import Splitter, chunks, frame, limit_codec
from benchmarks.record import Data, Take
from benchmarks.spec import Spec

READ = 256 << 10
BUFFERS = 1 << 20
"""A socket's buffers where payloads are large."""

_shared = memoryview(bytearray(READ))


class _Sender(asyncio.Protocol):
    """The server's side of a connection: writes, and waits when it must."""

    def __init__(self, peer: LimitAio, greets: bool) -> None:
        self.peer = peer
        self.greets = greets
        self.free: asyncio.Future[None] | None = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.write = transport.write
        if self.peer.is_bulk:
            _widen(transport)
        if self.greets:
            self.write(frame([self.peer.body(greeting())]))
        self.peer.arrived(self)

    def pause_writing(self) -> None:
        self.free = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        if self.free is not None:
            self.free.set_result(None)
            self.free = None


class _Reader(asyncio.BufferedProtocol):
    """The receiving side; also of requests and of answers."""

    def __init__(
        self, peer: LimitAio, got: Callable[[list[Any]], None]
    ) -> None:
        self.peer = peer
        self.split = Splitter(peer.messages, _shared)
        self.got = got

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        if self.peer.is_bulk:
            _widen(transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self.split.room()

    def buffer_updated(self, count: int) -> None:
        if messages := self.split.came(count):
            self.got(messages)


def _widen(transport: asyncio.BaseTransport) -> None:
    bare: socket.socket = transport.get_extra_info("socket")
    bare.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFERS)
    bare.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFERS)


class LimitAio(AsyncPeer):
    needs = ("msgpack", "msgspec")

    def _prepare(self, spec: Spec) -> asyncio.AbstractEventLoop:
        self.body, self.messages = limit_codec(self.codec)
        self.is_bulk = spec.size > 0
        return asyncio.get_running_loop()

    def arrived(self, sender: _Sender) -> None:
        self.there.append(sender)
        self.changed.set()

    async def _listen(
        self, spec: Spec, make: Callable[[], asyncio.BaseProtocol]
    ) -> None:
        loop = asyncio.get_running_loop()
        if self.transport == "tcp":
            server: asyncio.Server = await loop.create_server(
                make, "127.0.0.1", spec.port, backlog=4096
            )
        else:
            server = await loop.create_unix_server(
                make, address(spec), backlog=4096
            )
        self.keep(server)

    async def _connect(
        self, spec: Spec, got: Callable[[list[Any]], None]
    ) -> asyncio.Transport:
        loop = self._prepare(spec)

        def make() -> _Reader:
            return _Reader(self, got)

        if self.transport == "tcp":
            found, _ = await loop.create_connection(
                make, "127.0.0.1", spec.port
            )
        else:
            found, _ = await loop.create_unix_connection(make, address(spec))
        self.keep(found)
        return found

    async def serve(self, spec: Spec) -> None:
        self._prepare(spec)
        self.there: list[_Sender] = []
        self.changed = asyncio.Event()
        greets = spec.pattern == "greet"
        await self._listen(spec, lambda: _Sender(self, greets))

    async def joined(self, count: int) -> None:
        while len(self.there) < count:
            self.changed.clear()
            await self.changed.wait()

    async def publish(self, content: Iterable[Data]) -> None:
        there = self.there
        for chunk in chunks(self.body, content):
            for sender in there:
                sender.write(chunk)
            for sender in there:
                if sender.free is not None:
                    await sender.free

    async def publish_one(self, content: Data) -> None:
        chunk = frame([self.body(content)])
        for sender in self.there:
            sender.write(chunk)
        for sender in self.there:
            if sender.free is not None:
                await sender.free

    async def receive_one(
        self, spec: Spec, take: Take, connected: Callable[[], None]
    ) -> None:
        ended = asyncio.get_running_loop().create_future()

        def got(messages: list[Any]) -> None:
            for message in messages:
                if take(message.data) and not ended.done():
                    ended.set_result(None)

        await self._connect(spec, got)
        connected()
        await ended

    async def answer(self, spec: Spec, ready: Callable[[], None]) -> None:
        self._prepare(spec)

        def make() -> _Reader:
            def got(messages: list[Any]) -> None:
                answers = [self.body(message.data) for message in messages]
                reader.transport.write(frame(answers))

            reader = _Reader(self, got)
            return reader

        await self._listen(spec, make)
        ready()

    async def asker(self, spec: Spec) -> Callable[[Data], Awaitable[Data]]:
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[Data] = loop.create_future()

        def got(messages: list[Any]) -> None:
            answered.set_result(messages[0].data)

        transport = await self._connect(spec, got)

        async def ask(content: Data) -> Data:
            nonlocal answered
            answered = loop.create_future()
            transport.write(frame([self.body(content)]))
            return await answered

        return ask


PEERS = tuple(
    LimitAio(
        f"limit-{codec}{suffix}",
        can=WORKLOADS - {"startup"} | {"roundtrip"},
        codec=codec,
        transport="tcp" if suffix == "-tcp" else "unix",
        loop="uvloop" if suffix == "-uv" else "asyncio",
    )
    for codec in ("msgpack", "msgspec")
    for suffix in ("", "-uv", "-tcp")
)
