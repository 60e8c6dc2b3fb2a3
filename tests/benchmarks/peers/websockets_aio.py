"""websockets, without compression."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from benchmarks.peers.base import WORKLOADS, AsyncPeer, address, greeting
from benchmarks.peers.codec import codec
from benchmarks.record import Data, Take, record
from benchmarks.spec import Spec

DRAIN = 32
"""Messages that are broadcast before one is awaited on every connection:
`broadcast` itself knows no back-pressure."""
MAX_BYTES = 2 << 20
URI = "ws://localhost/"


class Websockets(AsyncPeer):
    needs = ("websockets", "msgpack")

    async def _listen(self, spec: Spec, handler: Any) -> None:
        from websockets.asyncio.server import unix_serve

        server = await unix_serve(
            handler,
            address(spec),
            compression=None,
            ping_interval=None,
            open_timeout=60,
            max_size=MAX_BYTES,
            backlog=4096,
        )
        self.keep(server)

    async def _connect(self, spec: Spec) -> Any:
        from websockets.asyncio.client import unix_connect

        self.encode, self.decode = codec(self.codec)
        client = await unix_connect(
            address(spec),
            URI,
            compression=None,
            ping_interval=None,
            open_timeout=60,
            max_size=MAX_BYTES,
        )
        self.keep(client)
        return client

    async def serve(self, spec: Spec) -> None:
        self.encode, self.decode = codec(self.codec)
        self.drain = DRAIN if not spec.size else 1
        self.there: set[Any] = set()
        self.changed = asyncio.Event()
        greets = spec.pattern == "greet"

        async def handler(connection: Any) -> None:
            if greets:
                await connection.send(self.encode(record(greeting())))
            self.there.add(connection)
            self.changed.set()
            await connection.wait_closed()

        await self._listen(spec, handler)

    async def joined(self, count: int) -> None:
        while len(self.there) < count:
            self.changed.clear()
            await self.changed.wait()

    async def publish(self, content: Iterable[Data]) -> None:
        from websockets.asyncio.server import broadcast

        for number, data in enumerate(content, 1):
            if number % self.drain:
                broadcast(self.there, self.encode(record(data)))
            else:
                await self.publish_one(data)

    async def publish_one(self, content: Data) -> None:
        body = self.encode(record(content))
        for connection in self.there:
            await connection.send(body)

    async def receive_one(
        self, spec: Spec, take: Take, connected: Callable[[], None]
    ) -> None:
        client = await self._connect(spec)
        connected()
        decode = self.decode
        async for body in client:
            if take(decode(body)["data"]):
                return

    async def answer(self, spec: Spec, ready: Callable[[], None]) -> None:
        self.encode, self.decode = codec(self.codec)

        async def handler(connection: Any) -> None:
            async for body in connection:
                asked = self.decode(body)["data"]
                await connection.send(self.encode(record(asked)))

        await self._listen(spec, handler)
        ready()

    async def asker(self, spec: Spec) -> Callable[[Data], Awaitable[Data]]:
        client = await self._connect(spec)

        async def ask(content: Data) -> Data:
            await client.send(self.encode(record(content)))
            found: Data = self.decode(await client.recv())["data"]
            return found

        return ask

    def first_message(self, spec: Spec) -> str | None:
        return (
            "import asyncio, msgpack\n"
            "from websockets.asyncio.client import unix_connect\n"
            "async def main():\n"
            f"    async with unix_connect({address(spec)!r}, {URI!r}, "
            "compression=None) as found:\n"
            "        done(msgpack.unpackb(await found.recv())['data'])\n"
            "asyncio.run(main())\n"
        )


PEERS = (Websockets("websockets", can=WORKLOADS | {"roundtrip"}),)
