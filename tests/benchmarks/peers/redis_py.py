"""Redis publish and subscribe, redis-py and a real redis-server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from benchmarks.peers.base import WORKLOADS, AsyncPeer, BlockingPeer
from benchmarks.peers.codec import codec
from benchmarks.record import EVENT, Data, Take, record
from benchmarks.spec import Spec

BATCH = 100
"""Messages that go in one pipeline."""


def path(spec: Spec) -> str:
    """The broker's socket."""
    return f"{spec.folder}/broker"


class Redis(AsyncPeer):
    needs = ("redis", "msgpack")
    program = "redis-server"
    greets = False

    def _client(self, spec: Spec) -> Any:
        import redis.asyncio

        self.encode, self.decode = codec(self.codec)
        client = redis.asyncio.Redis(
            unix_socket_path=path(spec), socket_timeout=None
        )
        self.keep(client)
        return client

    async def serve(self, spec: Spec) -> None:
        self.batch = BATCH if not spec.size else 1
        self.client = self._client(spec)
        await self.client.ping()

    async def joined(self, count: int) -> None:
        """The subscriptions were acknowledged before."""

    async def publish(self, content: Iterable[Data]) -> None:
        pipe = self.client.pipeline(transaction=False)
        queued = 0
        for data in content:
            pipe.publish(EVENT, self.encode(record(data)))
            queued += 1
            if queued == self.batch:
                await pipe.execute()
                queued = 0
        await pipe.execute()

    async def publish_one(self, content: Data) -> None:
        await self.client.publish(EVENT, self.encode(record(content)))

    async def receive_one(
        self, spec: Spec, take: Take, connected: Callable[[], None]
    ) -> None:
        client = self._client(spec)
        subscription = client.pubsub()
        self.keep(subscription)
        await subscription.subscribe(EVENT)
        decode = self.decode
        async for message in subscription.listen():
            if message["type"] == "subscribe":
                connected()
            elif take(decode(message["data"])["data"]):
                return

    async def answer(self, spec: Spec, ready: Callable[[], None]) -> None:
        """The broker itself answers: ECHO."""
        ready()

    async def asker(self, spec: Spec) -> Callable[[Data], Awaitable[Data]]:
        client = self._client(spec)

        async def ask(content: Data) -> Data:
            answer = await client.echo(self.encode(record(content)))
            found: Data = self.decode(answer)["data"]
            return found

        return ask

    def first_message(self, spec: Spec) -> str | None:
        return (
            "import redis, msgpack\n"
            f"client = redis.Redis(unix_socket_path={path(spec)!r})\n"
            "found = client.pubsub(ignore_subscribe_messages=True)\n"
            f"found.subscribe({EVENT!r})\n"
            "message = None\n"
            "while message is None:\n"
            "    message = found.get_message(timeout=30)\n"
            "done(msgpack.unpackb(message['data'])['data'])\n"
        )


class RedisSync(BlockingPeer):
    """The blocking client: round trips only."""

    needs = ("redis", "msgpack")
    program = "redis-server"
    greets = False

    def serve(self, spec: Spec) -> None:
        raise NotImplementedError(self.name)

    def joined(self, count: int) -> None:
        raise NotImplementedError(self.name)

    def publish(self, content: Iterable[Data]) -> None:
        raise NotImplementedError(self.name)

    def publish_one(self, content: Data) -> None:
        raise NotImplementedError(self.name)

    def receive(
        self, spec: Spec, takes: Sequence[Take], connected: Callable[[], None]
    ) -> None:
        raise NotImplementedError(self.name)

    def asker(self, spec: Spec) -> Callable[[Data], Data]:
        import redis

        encode, decode = codec(self.codec)
        client = self.keep(redis.Redis(unix_socket_path=path(spec)))

        def ask(content: Data) -> Data:
            answer: Any = client.echo(encode(record(content)))
            found: Data = decode(answer)["data"]
            return found

        return ask


PEERS = (
    Redis("redis", can=WORKLOADS | {"roundtrip"}),
    RedisSync("redis-sync", can={"roundtrip-sync"}, answerer="redis"),
)
