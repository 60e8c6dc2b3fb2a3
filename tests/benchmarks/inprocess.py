"""plugwire's own path in one process, without a kernel in between.

`python -m benchmarks.inprocess VARIANT COUNT` says `count` records to two
clients over the transport `memory`, and prints the nanoseconds of a message.
Under callgrind it is what counts instructions. Each variant is one thing
that no message should have to pay for.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from msgspec.structs import replace

from benchmarks.record import EVENT, Checker, series

BATCH = 250
MAX_BYTES = 1 << 20
BARE: dict[str, Any] = {
    "transport": "memory",
    "queue": "none",
    "permissions": ["anyone"],
    "outbox_messages": 100_000,
    "buffer_size": 100_000,
}
RULES = {
    "allow": [
        {"who": "*", "verbs": ["attach"], "session": "other"},
        {"who": "*", "verbs": ["connect", "receive", "send"]},
    ]
}


def _idle() -> object:
    from plugwire import hookimpl
    from plugwire.interfaces import Layers

    class WrapsNothing:
        name = "idle"

        @hookimpl
        def wrap(self, layers: Layers) -> Layers:
            return layers

    return WrapsNothing()


def by_hand(server: Any) -> None:
    """Put in place of what was composed the same parts made directly, as a
    hand would: no plugin was asked for them."""
    from plugwire_msgpack import MsgpackDecoder, MsgpackEncoder

    encoder = MsgpackEncoder(MAX_BYTES)
    decoder = partial(MsgpackDecoder, MAX_BYTES)
    pipeline = server._pipeline
    doors = tuple(
        replace(door, encoder=encoder, decoder=decoder, checks=())
        for door in pipeline.doors
    )
    server._pipeline = replace(pipeline, doors=doors)


VARIANTS: dict[str, Callable[[], dict[str, Any]]] = {
    "composed": lambda: BARE,
    "by-hand": lambda: BARE,
    "queue": lambda: BARE | {"queue": "fifo"},
    "permissions": lambda: (
        BARE | {"permissions": ["anyone", "rules"], "rules": RULES}
    ),
    "sessions": lambda: BARE,
    "extensions": lambda: BARE | {"extensions": [_idle()]},
}
"""By name, the configuration; `composed` is what the others are held to."""


def batches(count: int) -> list[int]:
    """What is said before it is received."""
    whole, rest = divmod(count, BATCH)
    return [BATCH] * whole + [rest] * bool(rest)


async def path(variant: str, count: int) -> float:
    """Nanoseconds a message, from broadcast to checked."""
    from plugwire import Client, Server

    settings = VARIANTS[variant]()
    server = Server(EVENT, settings=settings)
    if variant == "by-hand":
        by_hand(server)
    clients = [Client(EVENT, settings=settings) for _ in range(2)]
    checkers = [Checker(count) for _ in clients]
    async with server, clients[0], clients[1]:
        if variant == "sessions":  # one is in use, and not spoken to
            await clients[1].attach("other")
        began = time.process_time_ns()
        content = series(count)
        for size in batches(count):
            for _ in range(size):
                server.broadcast(next(content))
            await server.flush(low=0)
            for client, checker in zip(clients, checkers, strict=True):
                take, receive = checker.take, client.receive
                for _ in range(size):
                    take((await receive()).data)
        taken = time.process_time_ns() - began
    for checker in checkers:
        report = checker.report()
        if report["lost"] or report["wrong"] or report["disordered"]:
            raise SystemExit(f"{variant}: {report}")
    return taken / count


def main() -> None:
    variant, count = sys.argv[1], int(sys.argv[2])
    print(asyncio.run(path(variant, count)))


if __name__ == "__main__":
    main()
