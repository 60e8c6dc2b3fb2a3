"""pyzmq in an event loop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from benchmarks.peers.base import AsyncPeer
from benchmarks.peers.codec import codec
from benchmarks.peers.zmq_blocking import LINGER, place
from benchmarks.record import Data, Take, record
from benchmarks.spec import Spec


class ZmqAio(AsyncPeer):
    needs = ("zmq",)
    greets = False

    def _socket(self, kind: str) -> Any:
        import zmq
        import zmq.asyncio

        if not hasattr(self, "context"):
            self.context = zmq.asyncio.Context()
            self.context.set(zmq.MAX_SOCKETS, 20_000)
            self.encode, self.decode = codec(self.codec)
        socket = self.context.socket(getattr(zmq, kind))
        socket.set_hwm(0)
        socket.linger = LINGER
        self.keep(socket)
        return socket

    async def serve(self, spec: Spec) -> None:
        import zmq

        self.pushes = spec.pattern == "push"
        self.server = self._socket("PUSH" if self.pushes else "XPUB")
        if not self.pushes:
            self.server.setsockopt(zmq.XPUB_VERBOSE, 1)
        self.server.bind(place(spec, self.transport))

    async def joined(self, count: int) -> None:
        if not self.pushes:
            for _ in range(count):
                await self.server.recv()

    async def publish(self, content: Iterable[Data]) -> None:
        send, encode = self.server.send, self.encode
        for data in content:
            await send(encode(record(data)))

    async def publish_one(self, content: Data) -> None:
        await self.server.send(self.encode(record(content)))

    async def receive_one(
        self, spec: Spec, take: Take, connected: Callable[[], None]
    ) -> None:
        pulls = spec.pattern == "push"
        socket = self._socket("PULL" if pulls else "SUB")
        if not pulls:
            socket.subscribe(b"")
        socket.connect(place(spec, self.transport))
        connected()
        decode = self.decode
        while not take(decode(await socket.recv())["data"]):
            pass

    async def answer(self, spec: Spec, ready: Callable[[], None]) -> None:
        socket = self._socket("REP")
        socket.bind(place(spec, self.transport))
        ready()
        while True:
            asked = self.decode(await socket.recv())["data"]
            await socket.send(self.encode(record(asked)))

    async def asker(self, spec: Spec) -> Callable[[Data], Awaitable[Data]]:
        socket = self._socket("REQ")
        socket.connect(place(spec, self.transport))

        async def ask(content: Data) -> Data:
            await socket.send(self.encode(record(content)))
            found: Data = self.decode(await socket.recv())["data"]
            return found

        return ask


_CAN = ("fanout", "awaited", "stream", "bulk", "paced", "roundtrip")
PEERS = (
    ZmqAio("zmq-ipc-aio", can=_CAN),
    ZmqAio("zmq-tcp-aio", can=_CAN, transport="tcp"),
)
