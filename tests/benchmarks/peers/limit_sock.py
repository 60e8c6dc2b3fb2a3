"""The limit on plain sockets, without a loop."""

from __future__ import annotations

import selectors
import socket
from collections.abc import Callable, Iterable, Sequence

from benchmarks.peers.base import BlockingPeer, address, greeting
from benchmarks.peers.limit_codec import Splitter, chunks, frame, limit_codec
from benchmarks.record import Data, Take
from benchmarks.spec import Spec

READ = 256 << 10
BUFFERS = 1 << 20


class LimitSock(BlockingPeer):
    needs = ("msgpack", "msgspec")

    def _socket(self, spec: Spec) -> socket.socket:
        self.body, self.messages = limit_codec(self.codec)
        bare = self.keep(socket.socket(socket.AF_UNIX))
        if spec.size:
            bare.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFERS)
            bare.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFERS)
        return bare

    def serve(self, spec: Spec) -> None:
        self.is_greeting = spec.pattern == "greet"
        self.listener = self._socket(spec)
        self.listener.bind(address(spec))
        self.listener.listen(4096)
        self.there: list[socket.socket] = []

    def joined(self, count: int) -> None:
        while len(self.there) < count:
            found = self.keep(self.listener.accept()[0])
            self.there.append(found)
            if self.is_greeting:
                found.sendall(frame([self.body(greeting())]))

    def publish(self, content: Iterable[Data]) -> None:
        for chunk in chunks(self.body, content):
            for found in self.there:
                found.sendall(chunk)

    def publish_one(self, content: Data) -> None:
        chunk = frame([self.body(content)])
        for found in self.there:
            found.sendall(chunk)

    def receive(
        self, spec: Spec, takes: Sequence[Take], connected: Callable[[], None]
    ) -> None:
        shared = memoryview(bytearray(READ))
        selector = selectors.DefaultSelector()
        for take in takes:
            bare = self._socket(spec)
            bare.connect(address(spec))
            state = (bare, Splitter(self.messages, shared), take)
            selector.register(bare, selectors.EVENT_READ, state)
        connected()
        waiting = len(takes)
        while waiting:
            # One client has nothing to wait for but its own bytes.
            ready = (
                [key.data for key, _ in selector.select()]
                if len(takes) > 1
                else [state]
            )
            for bare, split, take in ready:
                count = bare.recv_into(split.room())
                if not count:
                    raise ConnectionError("the server closed")
                for message in split.came(count):
                    if take(message.data):
                        selector.unregister(bare)
                        waiting -= 1

    def asker(self, spec: Spec) -> Callable[[Data], Data]:
        bare = self._socket(spec)
        bare.connect(address(spec))
        split = Splitter(self.messages, memoryview(bytearray(READ)))
        body = self.body

        def ask(content: Data) -> Data:
            bare.sendall(frame([body(content)]))
            while True:
                messages = split.came(bare.recv_into(split.room()))
                if messages:
                    found: Data = messages[0].data
                    return found

        return ask

    def first_message(self, spec: Spec) -> str | None:
        return (
            "import socket, msgpack\n"
            "bare = socket.socket(socket.AF_UNIX)\n"
            f"bare.connect({address(spec)!r})\n"
            "body = b''\n"
            "while len(body) < 4 or len(body) < 4 + "
            "int.from_bytes(body[:4], 'big'):\n"
            "    body += bare.recv(65536)\n"
            "done(msgpack.unpackb(body[4:])[0]['data'])\n"
        )


PEERS = tuple(
    LimitSock(
        f"limit-sock-{codec}",
        can=(
            {"fanout", "awaited", "stream", "bulk", "paced", "roundtrip-sync"}
            | ({"startup"} if codec == "msgpack" else set())
        ),
        codec=codec,
        answerer=f"limit-{codec}",
        most=100,
    )
    for codec in ("msgpack", "msgspec")
)
