"""nats-py with a real nats-server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from benchmarks.peers.base import WORKLOADS, AsyncPeer
from benchmarks.peers.codec import codec
from benchmarks.record import EVENT, Data, Take, record
from benchmarks.spec import Spec

ASK = "ask"


class Nats(AsyncPeer):
    needs = ("nats", "msgpack")
    program = "nats-server"
    greets = False

    async def _connect(self, spec: Spec) -> Any:
        import nats

        self.encode, self.decode = codec(self.codec)
        client = await nats.connect(
            f"nats://127.0.0.1:{spec.port}",
            connect_timeout=30,
            allow_reconnect=False,
        )
        self.keep(client)
        return client

    async def serve(self, spec: Spec) -> None:
        self.client = await self._connect(spec)

    async def joined(self, count: int) -> None:
        """The subscriptions were acknowledged before."""

    async def publish(self, content: Iterable[Data]) -> None:
        publish, encode = self.client.publish, self.encode
        for data in content:
            await publish(EVENT, encode(record(data)))
        await self.client.flush(60)

    async def publish_one(self, content: Data) -> None:
        await self.client.publish(EVENT, self.encode(record(content)))
        await self.client.flush(60)

    async def push(self, content: Data) -> None:
        """Paced: its own flusher sends it, as an application leaves it to."""
        await self.client.publish(EVENT, self.encode(record(content)))

    async def receive_one(
        self, spec: Spec, take: Take, connected: Callable[[], None]
    ) -> None:
        client = await self._connect(spec)
        ended = asyncio.get_running_loop().create_future()
        decode = self.decode

        async def got(message: Any) -> None:
            if take(decode(message.data)["data"]) and not ended.done():
                ended.set_result(None)

        # No limits: nothing is dropped.
        await client.subscribe(
            EVENT, cb=got, pending_msgs_limit=-1, pending_bytes_limit=-1
        )
        await client.flush(60)
        connected()
        await ended

    async def answer(self, spec: Spec, ready: Callable[[], None]) -> None:
        client = await self._connect(spec)

        async def got(message: Any) -> None:
            asked = self.decode(message.data)["data"]
            await message.respond(self.encode(record(asked)))

        await client.subscribe(ASK, cb=got)
        await client.flush(60)
        ready()

    async def asker(self, spec: Spec) -> Callable[[Data], Awaitable[Data]]:
        client = await self._connect(spec)

        async def ask(content: Data) -> Data:
            answer = await client.request(
                ASK, self.encode(record(content)), timeout=30
            )
            found: Data = self.decode(answer.data)["data"]
            return found

        return ask

    def first_message(self, spec: Spec) -> str | None:
        return (
            "import asyncio, nats, msgpack\n"
            "async def main():\n"
            f"    client = await nats.connect('127.0.0.1:{spec.port}')\n"
            f"    found = await client.subscribe({EVENT!r})\n"
            "    message = await found.next_msg(30)\n"
            "    done(msgpack.unpackb(message.data)['data'])\n"
            "    await client.close()\n"
            "asyncio.run(main())\n"
        )


PEERS = (Nats("nats", can=WORKLOADS | {"roundtrip"}),)
