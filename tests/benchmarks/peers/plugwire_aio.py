"""plugwire, the asyncio face."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from benchmarks.peers.base import WORKLOADS, AsyncPeer, greeting
from benchmarks.peers.plugwire_common import (
    between_flushes,
    missing_codec,
    settings,
)
from benchmarks.record import EVENT, Data, Take
from benchmarks.spec import Spec


class Plugwire(AsyncPeer):
    needs = ("plugwire",)

    def missing(self) -> str | None:
        return super().missing() or missing_codec(self.codec)

    async def serve(self, spec: Spec) -> None:
        from plugwire import Server

        self.every = between_flushes(spec)
        self.server = Server(
            EVENT, settings=settings(spec, self.transport, self.codec)
        )
        self.changed = asyncio.Event()
        self.server.on_connect(self._connected)
        if spec.pattern == "greet":
            self.server.snapshot(lambda client: greeting())
        await self.server.start()

    def _connected(self, client: object) -> None:
        self.changed.set()

    async def joined(self, count: int) -> None:
        # on_connect comes a moment before a client counts, hence the bound.
        while len(self.server.clients) < count:
            self.changed.clear()
            try:
                async with asyncio.timeout(0.01):
                    await self.changed.wait()
            except TimeoutError:
                continue

    async def publish(self, content: Iterable[Data]) -> None:
        broadcast, flush = self.server.broadcast, self.server.flush
        every = self.every
        for number, data in enumerate(content, 1):
            broadcast(data)
            if not number % every:
                await flush()
        await flush(low=0)

    async def publish_one(self, content: Data) -> None:
        self.server.broadcast(content)
        await self.server.flush()

    async def receive_one(
        self, spec: Spec, take: Take, connected: Callable[[], None]
    ) -> None:
        from plugwire import Client

        client = Client(
            EVENT, settings=settings(spec, self.transport, self.codec)
        )
        await client.connect()
        self.keep(client)
        connected()
        async for message in client:
            if take(message.data):
                return

    async def answer(self, spec: Spec, ready: Callable[[], None]) -> None:
        await self.serve(spec)
        self.server.on_message(lambda client, message: message.data)
        ready()

    async def asker(self, spec: Spec) -> Callable[[Data], Awaitable[Data]]:
        from plugwire import Client

        client = Client(
            EVENT, settings=settings(spec, self.transport, self.codec)
        )
        await client.connect()
        self.keep(client)

        async def ask(content: Data) -> Data:
            return (await client.request(content)).data

        return ask

    def first_message(self, spec: Spec) -> str | None:
        return (
            "import asyncio\n"
            "from plugwire import Client\n"
            "async def main():\n"
            f"    async with Client({EVENT!r}) as client:\n"
            "        done((await client.receive()).data)\n"
            "asyncio.run(main())\n"
        )


PEERS = tuple(
    Plugwire(
        "plugwire" + "".join(f"-{word}" for word in words),
        can=WORKLOADS - ({"startup"} if {"tcp", "uv"} & set(words) else set())
        | {"roundtrip"},
        transport="tcp" if "tcp" in words else "unix",
        codec="msgspec" if "msgspec" in words else "msgpack",
        loop="uvloop" if "uv" in words else "asyncio",
    )
    for words in (
        (),
        ("uv",),
        ("tcp",),
        ("msgspec",),
        ("msgspec", "uv"),
    )
)
