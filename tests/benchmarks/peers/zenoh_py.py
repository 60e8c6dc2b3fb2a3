"""eclipse-zenoh, peer to peer, without a router."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from benchmarks.peers.base import WORKLOADS, BlockingPeer, address
from benchmarks.peers.codec import codec
from benchmarks.record import EVENT, Data, Take, record
from benchmarks.spec import Spec

ASK = "ask"


class Zenoh(BlockingPeer):
    needs = ("zenoh", "msgpack")
    greets = False

    def _session(self, spec: Spec, end: str) -> Any:
        import zenoh

        self.encode, self.decode = codec(self.codec)
        config = zenoh.Config()
        place = (
            f"unixsock-stream/{address(spec)}"
            if self.transport == "unix"
            else f"tcp/127.0.0.1:{spec.port}"
        )
        config.insert_json5(
            "mode", '"peer"' if end == "listen" else '"client"'
        )
        config.insert_json5("scouting/multicast/enabled", "false")
        config.insert_json5(f"{end}/endpoints", json.dumps([place]))
        session = zenoh.open(config)
        self.keep(session)
        return session

    def serve(self, spec: Spec) -> None:
        import zenoh

        session = self._session(spec, "listen")
        # Every subscriber shows that it is there by a liveliness token.
        self.there = 0
        self.arrived = threading.Condition()

        def appeared(sample: Any) -> None:
            with self.arrived:
                self.there += 1
                self.arrived.notify()

        session.liveliness().declare_subscriber("there/*", appeared)
        self.publisher = session.declare_publisher(
            EVENT, congestion_control=zenoh.CongestionControl.BLOCK
        )

    def joined(self, count: int) -> None:
        with self.arrived:
            self.arrived.wait_for(lambda: self.there >= count)

    def publish(self, content: Iterable[Data]) -> None:
        put, encode = self.publisher.put, self.encode
        for data in content:
            put(encode(record(data)))

    def publish_one(self, content: Data) -> None:
        self.publisher.put(self.encode(record(content)))

    def receive(
        self, spec: Spec, takes: Sequence[Take], connected: Callable[[], None]
    ) -> None:
        ended = [self._subscribe(spec, take) for take in takes]
        connected()
        for event in ended:
            event.wait()

    def _subscribe(self, spec: Spec, take: Take) -> threading.Event:
        session = self._session(spec, "connect")
        ended = threading.Event()
        decode = self.decode

        def got(sample: Any) -> None:
            if take(decode(sample.payload.to_bytes())["data"]):
                ended.set()

        self.keep(session.declare_subscriber(EVENT, got))
        token = f"there/{session.info.zid()}"
        self.keep(session.liveliness().declare_token(token))
        return ended

    def answer(self, spec: Spec, ready: Callable[[], None]) -> None:
        session = self._session(spec, "listen")

        def got(query: Any) -> None:
            asked = self.decode(query.payload.to_bytes())["data"]
            query.reply(ASK, self.encode(record(asked)))

        self.keep(session.declare_queryable(ASK, got))
        ready()
        while True:
            time.sleep(60)

    def asker(self, spec: Spec) -> Callable[[Data], Data]:
        session = self._session(spec, "connect")

        def ask(content: Data) -> Data:
            for reply in session.get(
                ASK, payload=self.encode(record(content))
            ):
                found: Data = self.decode(reply.ok.payload.to_bytes())["data"]
                return found
            raise LookupError("no answer")

        return ask

    def first_message(self, spec: Spec) -> str | None:
        place = f"unixsock-stream/{address(spec)}"
        if self.transport == "tcp":
            place = f"tcp/127.0.0.1:{spec.port}"
        return (
            "import zenoh, msgpack\n"
            "config = zenoh.Config()\n"
            "config.insert_json5('mode', '\"client\"')\n"
            "config.insert_json5('scouting/multicast/enabled', 'false')\n"
            f"config.insert_json5('connect/endpoints', '[\"{place}\"]')\n"
            "with zenoh.open(config) as session:\n"
            f"    found = session.declare_subscriber({EVENT!r})\n"
            "    body = found.recv().payload.to_bytes()\n"
            "    done(msgpack.unpackb(body)['data'])\n"
        )


_CAN = WORKLOADS - {"idle"} | {"roundtrip-sync"}
PEERS = (
    Zenoh("zenoh-unix", can=_CAN, most=100),
    Zenoh("zenoh-tcp", can=_CAN, transport="tcp", most=100),
)
