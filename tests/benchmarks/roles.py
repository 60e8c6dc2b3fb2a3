"""A child process of a run: `python -m benchmarks.roles SPEC`.

Each role says `ready`, waits for `go`, works, says `done` with what it found,
and stays until `end`, so that the runner can read its CPU time and memory.
What it opened goes with it: it leaves at once.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

from benchmarks import control
from benchmarks.pace import paced, paced_async
from benchmarks.peers import PEERS
from benchmarks.peers.base import AsyncPeer, BlockingPeer
from benchmarks.record import Checker, Data, Take, TimedChecker, data, series
from benchmarks.spec import Spec

TICKS = 1000.0  # messages a second for who waits for a first one

ENDLESS = 1 << 30
KEPT: list[asyncio.Future[Any]] = []
"""What goes on until the process ends."""

AnyPeer = BlockingPeer | AsyncPeer


async def do(result: Any) -> Any:
    """What a peer's method gives: a blocking one's at once. Its process has
    nothing else to do, so that the loop may well stand meanwhile."""
    return await result if inspect.isawaitable(result) else result


async def publish(peer: AnyPeer, spec: Spec) -> None:
    """Serve, and publish once everybody is there."""
    await do(peer.serve(spec))
    control.say("ready")
    await control.hear("go")
    await do(peer.joined(spec.everybody))
    control.say("joined")
    await control.hear("begin")
    sent: list[int] = []
    content = series(spec.count, spec.size, spec.fault)
    began = time.monotonic_ns()
    if spec.pattern not in ("awaited", "paced"):
        await do(peer.publish(content))
    elif isinstance(peer, BlockingPeer):
        if spec.pattern == "paced":
            paced(content, spec.rate, peer.publish_one, sent)
        else:
            for item in content:
                peer.publish_one(item)
    elif spec.pattern == "paced":
        await paced_async(content, spec.rate, peer.push, sent)
    else:
        for item in content:
            await peer.publish_one(item)
    control.say("done", began=began, sent=sent)


async def receive(peer: AnyPeer, spec: Spec) -> None:
    """Receive until the last message, or until `spec.seconds` are over."""
    kind = TimedChecker if spec.pattern == "paced" else Checker
    checks = [kind(spec.count, spec.size) for _ in range(spec.clients)]

    def give_up() -> None:
        control.say("done", **found(checks))
        os._exit(0)

    timer = threading.Timer(spec.seconds, give_up)
    timer.daemon = True
    timer.start()
    takes = [check.take for check in checks]
    await do(peer.receive(spec, takes, lambda: control.say("ready")))
    timer.cancel()
    control.say("done", **found(checks))


def found(checks: list[Checker]) -> dict[str, Any]:
    """What a process's receivers report together."""
    reports = [check.report() for check in checks]
    facts: dict[str, Any] = {
        word: sum(report[word] for report in reports)
        for word in ("lost", "disordered", "wrong")
    }
    facts["ended"] = max(report["ended"] for report in reports)
    facts["moments"] = [
        check.moments for check in checks if isinstance(check, TimedChecker)
    ]
    return facts


async def greet(peer: AnyPeer, spec: Spec) -> None:
    """Serve without end, each newcomer with a message where the peer can."""
    await do(peer.serve(spec))
    control.say("ready")
    if isinstance(peer, BlockingPeer):
        peer.joined(ENDLESS)  # it greets in its own calls only


async def hold(peer: AnyPeer, spec: Spec) -> None:
    """Connect, and keep the connections once each has its first message (or
    its subscription acknowledged). One more is made before, for what only
    the first one costs."""
    await connections(peer, spec, 1)
    control.say("ready")
    await control.hear("go")
    began = time.monotonic_ns()
    await connections(peer, spec, spec.clients)
    control.say("done", began=began, ended=time.monotonic_ns())


async def connections(peer: AnyPeer, spec: Spec, count: int) -> None:
    """Make `count`; a client that fails is the end of this process."""
    waiting = count if peer.greets else 1
    everybody = asyncio.Event()

    def note() -> None:
        nonlocal waiting
        waiting -= 1
        if not waiting:
            everybody.set()

    def take(content: Data) -> bool:
        note()
        return True

    def connected() -> None:
        if not peer.greets:
            note()

    takes: list[Take] = [take] * count
    receiving = asyncio.ensure_future(do(peer.receive(spec, takes, connected)))
    done = asyncio.ensure_future(everybody.wait())
    await asyncio.wait((receiving, done), return_when=asyncio.FIRST_COMPLETED)
    if receiving.done():
        receiving.result()  # raises what went wrong
    KEPT.append(receiving)


async def tick(peer: AnyPeer, spec: Spec) -> None:
    """Publish without end, for those who wait for a first message."""
    await do(peer.serve(spec))
    control.say("ready")
    content = series(1 << 60)
    if isinstance(peer, BlockingPeer):
        paced(content, TICKS, peer.publish_one, [])
    else:
        await paced_async(content, TICKS, peer.publish_one, [])


async def answer(peer: AnyPeer, spec: Spec) -> None:
    """Answer requests; a blocking peer does until it is killed."""
    await do(peer.answer(spec, lambda: control.say("ready")))


async def ask(peer: AnyPeer, spec: Spec) -> None:
    """One request outstanding at a time; each answer is compared whole."""
    control.say("ready")
    await control.hear("go")
    asker = await do(peer.asker(spec))
    times: list[int] = []
    wrong = 0
    now = time.perf_counter_ns
    is_blocking = isinstance(peer, BlockingPeer)
    for seq in range(spec.count):
        asked = data(seq)
        began = now()
        answered = asker(asked) if is_blocking else await asker(asked)
        times.append(now() - began)
        wrong += answered != asked
    control.say("done", times=times, wrong=wrong)


async def idle(peer: AnyPeer, spec: Spec) -> None:
    """Receive nothing that counts, without end."""
    takes: list[Take] = [lambda content: False] * spec.clients
    await do(peer.receive(spec, takes, lambda: control.say("ready")))


ROLES: dict[str, Callable[[AnyPeer, Spec], Awaitable[None]]] = {
    "publish": publish,
    "receive": receive,
    "greet": greet,
    "hold": hold,
    "tick": tick,
    "answer": answer,
    "ask": ask,
    "idle": idle,
}


async def play(peer: AnyPeer, spec: Spec) -> None:
    await ROLES[spec.role](peer, spec)
    await control.hear("end")
    sys.stdout.flush()
    os._exit(0)


def main() -> None:
    spec = Spec.read(sys.argv[1])
    if spec.core is not None:
        os.sched_setaffinity(0, {spec.core})
    peer = PEERS[spec.peer]
    assert isinstance(peer, BlockingPeer | AsyncPeer)
    factory = None
    if peer.loop == "uvloop":
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(play(peer, spec))


if __name__ == "__main__":
    main()
