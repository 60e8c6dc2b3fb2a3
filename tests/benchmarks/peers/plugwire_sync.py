"""plugwire, the face for threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence

from benchmarks.peers.base import BlockingPeer, greeting
from benchmarks.peers.plugwire_common import (
    between_flushes,
    missing_codec,
    settings,
)
from benchmarks.record import EVENT, Data, Take
from benchmarks.spec import Spec


class PlugwireSync(BlockingPeer):
    needs = ("plugwire",)

    def missing(self) -> str | None:
        return super().missing() or missing_codec(self.codec)

    def serve(self, spec: Spec) -> None:
        from plugwire.sync import Server

        self.every = between_flushes(spec)
        self.server = Server(
            EVENT, settings=settings(spec, self.transport, self.codec)
        )
        if spec.pattern == "greet":
            self.server.snapshot(lambda client: greeting())
        self.server.start()

    def joined(self, count: int) -> None:
        while len(self.server.clients) < count:
            time.sleep(0.01)

    def publish(self, content: Iterable[Data]) -> None:
        broadcast, flush = self.server.broadcast, self.server.flush
        for number, data in enumerate(content, 1):
            broadcast(data)
            if not number % self.every:
                flush()
        flush(low=0)

    def publish_one(self, content: Data) -> None:
        self.server.broadcast(content)
        self.server.flush()

    def receive(
        self, spec: Spec, takes: Sequence[Take], connected: Callable[[], None]
    ) -> None:
        from plugwire.sync import Client

        clients = [
            self.keep(
                Client(
                    EVENT, settings=settings(spec, self.transport, self.codec)
                )
            )
            for _ in takes
        ]
        for client in clients:
            client.connect()
        connected()

        def read(client: Client, take: Take) -> None:
            for message in client:
                if take(message.data):
                    return

        threads = [
            threading.Thread(target=read, args=pair, daemon=True)
            for pair in zip(clients[1:], takes[1:], strict=True)
        ]
        for thread in threads:
            thread.start()
        read(clients[0], takes[0])
        for thread in threads:
            thread.join()

    def asker(self, spec: Spec) -> Callable[[Data], Data]:
        from plugwire.sync import Client

        client = self.keep(
            Client(EVENT, settings=settings(spec, self.transport, self.codec))
        )
        client.connect()
        return lambda content: client.request(content).data

    def first_message(self, spec: Spec) -> str | None:
        return (
            "from plugwire.sync import Client\n"
            f"with Client({EVENT!r}) as client:\n"
            "    done(client.receive().data)\n"
        )


PEERS = (
    PlugwireSync(
        "plugwire-sync",
        can={"fanout", "stream", "startup", "roundtrip-sync"},
        answerer="plugwire",
        most=1,
    ),
    PlugwireSync(
        "plugwire-sync-msgspec",
        codec="msgspec",
        can={"fanout", "stream", "startup", "roundtrip-sync"},
        answerer="plugwire-msgspec",
        most=1,
    ),
)
