"""multiprocessing.connection, the standard library's own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from multiprocessing.connection import Client, Connection, Listener, wait

from benchmarks.peers.base import BlockingPeer, address
from benchmarks.peers.codec import codec
from benchmarks.record import Data, Take, record
from benchmarks.spec import Spec


class MpConnection(BlockingPeer):
    needs = ("msgpack",)
    greets = False

    def serve(self, spec: Spec) -> None:
        self.encode, _ = codec(self.codec)
        self.listener = self.keep(
            Listener(address(spec), "AF_UNIX", backlog=4096)
        )
        self.there: list[Connection] = []
        # A client is served once it is accepted; clients do not wait for it.
        self.arrived = threading.Condition()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            connection = self.listener.accept()
            with self.arrived:
                self.there.append(connection)
                self.arrived.notify()

    def joined(self, count: int) -> None:
        with self.arrived:
            self.arrived.wait_for(lambda: len(self.there) >= count)

    def publish(self, content: Iterable[Data]) -> None:
        for data in content:
            self.publish_one(data)

    def publish_one(self, content: Data) -> None:
        body = self.encode(record(content))
        for connection in self.there:
            connection.send_bytes(body)

    def receive(
        self, spec: Spec, takes: Sequence[Take], connected: Callable[[], None]
    ) -> None:
        _, decode = codec(self.codec)
        waiting = {
            self.keep(Client(address(spec), "AF_UNIX")): take for take in takes
        }
        connected()
        if len(waiting) == 1:
            ((connection, take),) = waiting.items()
            while not take(decode(connection.recv_bytes())["data"]):
                pass
            return
        while waiting:
            for ready in wait(list(waiting)):
                assert isinstance(ready, Connection)
                if waiting[ready](decode(ready.recv_bytes())["data"]):
                    del waiting[ready]

    def answer(self, spec: Spec, ready: Callable[[], None]) -> None:
        self.serve(spec)
        ready()
        self.joined(1)
        (connection,) = self.there
        encode, decode = codec(self.codec)
        try:
            while True:
                asked = decode(connection.recv_bytes())["data"]
                connection.send_bytes(encode(record(asked)))
        except EOFError:
            return

    def asker(self, spec: Spec) -> Callable[[Data], Data]:
        connection = self.keep(Client(address(spec), "AF_UNIX"))
        encode, decode = codec(self.codec)

        def ask(content: Data) -> Data:
            connection.send_bytes(encode(record(content)))
            found: Data = decode(connection.recv_bytes())["data"]
            return found

        return ask


PEERS = (
    MpConnection(
        "mp-conn",
        can=(
            "fanout",
            "awaited",
            "stream",
            "bulk",
            "paced",
            "roundtrip-sync",
        ),
        most=100,
    ),
)
