"""asyncio streams and msgpack by hand, the naive way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from benchmarks.peers.base import (
    HEAD,
    WORKLOADS,
    AsyncPeer,
    address,
    greeting,
)
from benchmarks.peers.codec import codec
from benchmarks.record import Data, Take, record
from benchmarks.spec import Spec

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class AsyncioStreams(AsyncPeer):
    needs = ("msgpack",)

    def frame(self, content: Data) -> bytes:
        body = self.encode(record(content))
        return HEAD.pack(len(body)) + body

    async def read(self, reader: asyncio.StreamReader) -> Data:
        (size,) = HEAD.unpack(await reader.readexactly(4))
        found: Data = self.decode(await reader.readexactly(size))["data"]
        return found

    async def serve(self, spec: Spec) -> None:
        self.encode, self.decode = codec(self.codec)
        self.there: list[asyncio.StreamWriter] = []
        self.changed = asyncio.Event()
        greets = spec.pattern == "greet"

        async def accepted(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            self.there.append(writer)
            self.changed.set()
            if greets:
                writer.write(self.frame(greeting()))

        server = await asyncio.start_unix_server(
            accepted, address(spec), backlog=4096
        )
        self.keep(server)

    async def joined(self, count: int) -> None:
        while len(self.there) < count:
            self.changed.clear()
            await self.changed.wait()

    async def publish(self, content: Iterable[Data]) -> None:
        for data in content:
            await self.publish_one(data)

    async def publish_one(self, content: Data) -> None:
        frame = self.frame(content)
        for writer in self.there:
            writer.write(frame)
            await writer.drain()

    async def _connect(self, spec: Spec) -> Streams:
        self.encode, self.decode = codec(self.codec)
        reader, writer = await asyncio.open_unix_connection(address(spec))
        self.keep(writer)
        return reader, writer

    async def receive_one(
        self, spec: Spec, take: Take, connected: Callable[[], None]
    ) -> None:
        reader, _ = await self._connect(spec)
        connected()
        while not take(await self.read(reader)):
            pass

    async def answer(self, spec: Spec, ready: Callable[[], None]) -> None:
        self.encode, self.decode = codec(self.codec)

        async def accepted(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            try:
                while True:
                    writer.write(self.frame(await self.read(reader)))
                    await writer.drain()
            except asyncio.IncompleteReadError:
                writer.close()

        server = await asyncio.start_unix_server(accepted, address(spec))
        self.keep(server)
        ready()

    async def asker(self, spec: Spec) -> Callable[[Data], Awaitable[Data]]:
        reader, writer = await self._connect(spec)

        async def ask(content: Data) -> Data:
            writer.write(self.frame(content))
            await writer.drain()
            return await self.read(reader)

        return ask

    def first_message(self, spec: Spec) -> str | None:
        return (
            "import asyncio, msgpack\n"
            "async def main():\n"
            "    reader, writer = await asyncio.open_unix_connection("
            f"{address(spec)!r})\n"
            "    size = int.from_bytes(await reader.readexactly(4))\n"
            "    body = await reader.readexactly(size)\n"
            "    done(msgpack.unpackb(body)['data'])\n"
            "    writer.close()\n"
            "asyncio.run(main())\n"
        )


PEERS = (AsyncioStreams("streams", can=WORKLOADS | {"roundtrip"}),)
