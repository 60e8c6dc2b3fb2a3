"""pyzmq, blocking: publish and subscribe, push and pull, request and reply.

High-water marks are 0: nothing is dropped, and the queue has no bound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from benchmarks.peers.base import (
    WORKLOADS,
    BlockingPeer,
    address,
    greeting,
)
from benchmarks.peers.codec import codec
from benchmarks.record import Data, Take, record
from benchmarks.spec import Spec

LINGER = 10_000  # milliseconds


def place(spec: Spec, transport: str) -> str:
    """Where the socket is."""
    if transport == "unix":
        return f"ipc://{address(spec)}"
    return f"tcp://127.0.0.1:{spec.port}"


class Zmq(BlockingPeer):
    needs = ("zmq",)

    def _socket(self, kind: str) -> Any:
        import zmq

        if not hasattr(self, "context"):
            self.context = zmq.Context()
            self.context.set(zmq.MAX_SOCKETS, 20_000)
            self.encode, self.decode = codec(self.codec)
        socket = self.context.socket(getattr(zmq, kind))
        socket.set_hwm(0)
        socket.linger = LINGER
        socket.setsockopt(zmq.BACKLOG, 4096)
        self.keep(socket)
        return socket

    def serve(self, spec: Spec) -> None:
        import zmq

        pushes = spec.pattern == "push"
        self.server = self._socket("PUSH" if pushes else "XPUB")
        if not pushes:
            self.server.setsockopt(zmq.XPUB_VERBOSE, 1)
        if spec.pattern == "greet":
            self.server.setsockopt(
                zmq.XPUB_WELCOME_MSG, self.encode(record(greeting()))
            )
        self.pushes = pushes
        self.server.bind(place(spec, self.transport))

    def joined(self, count: int) -> None:
        if not self.pushes:  # a PUSH socket waits for its puller by itself
            for _ in range(count):
                self.server.recv()

    def publish(self, content: Iterable[Data]) -> None:
        send, encode = self.server.send, self.encode
        for data in content:
            send(encode(record(data)))

    def publish_one(self, content: Data) -> None:
        self.server.send(self.encode(record(content)))

    def receive(
        self, spec: Spec, takes: Sequence[Take], connected: Callable[[], None]
    ) -> None:
        import zmq

        waiting = {}
        for take in takes:
            pulls = spec.pattern == "push"
            socket = self._socket("PULL" if pulls else "SUB")
            if not pulls:
                socket.subscribe(b"")
            socket.connect(place(spec, self.transport))
            waiting[socket] = take
        connected()
        decode = self.decode
        if len(waiting) == 1:
            ((socket, take),) = waiting.items()
            receive = socket.recv
            while not take(decode(receive())["data"]):
                pass
            return
        poller = zmq.Poller()
        for socket in waiting:
            poller.register(socket, zmq.POLLIN)
        while waiting:
            for socket, _ in poller.poll():
                take = waiting[socket]
                try:
                    while True:
                        body = socket.recv(zmq.NOBLOCK)
                        if take(decode(body)["data"]):
                            poller.unregister(socket)
                            del waiting[socket]
                            break
                except zmq.Again:
                    continue

    def answer(self, spec: Spec, ready: Callable[[], None]) -> None:
        socket = self._socket("REP")
        socket.bind(place(spec, self.transport))
        ready()
        encode, decode = self.encode, self.decode
        while True:
            socket.send(encode(record(decode(socket.recv())["data"])))

    def asker(self, spec: Spec) -> Callable[[Data], Data]:
        socket = self._socket("REQ")
        socket.connect(place(spec, self.transport))
        encode, decode = self.encode, self.decode

        def ask(content: Data) -> Data:
            socket.send(encode(record(content)))
            found: Data = decode(socket.recv())["data"]
            return found

        return ask

    def first_message(self, spec: Spec) -> str | None:
        return (
            "import zmq, msgpack\n"
            "socket = zmq.Context().socket(zmq.SUB)\n"
            "socket.linger = 0\n"
            "socket.subscribe(b'')\n"
            f"socket.connect({place(spec, self.transport)!r})\n"
            "done(msgpack.unpackb(socket.recv())['data'])\n"
        )


PEERS = (
    Zmq("zmq-ipc", can=WORKLOADS | {"roundtrip-sync"}),
    Zmq("zmq-tcp", can=WORKLOADS | {"roundtrip-sync"}, transport="tcp"),
)
