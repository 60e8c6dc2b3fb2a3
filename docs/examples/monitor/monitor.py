"""A daemon that tells, ten times a second, how hard it is for this machine.

    python docs/examples/monitor/monitor.py [--interval S] [--event NAME]

Its readers: `plugwire top machine`, `plugwire listen machine`, nc and jq.
SIGTERM and Ctrl-C end it cleanly.
"""

import argparse
import asyncio
import logging
import signal
import sys
from contextlib import suppress
from pathlib import Path

from probes import Machine, heaviest
from stress import Stress, judge

from plugwire import PlugwireError, Server

SETTINGS = Path(__file__).resolve().with_name("plugwire.toml")
WALK = 1.0  # seconds from one walk through all processes to the next
log = logging.getLogger("monitor")


def following(due: float, now: float, every: float) -> float:
    """When the next sample is due: counted from when the last was due, not
    from when it was made, so nothing drifts. Beats that have passed since
    (a laptop slept) are left out."""
    return due + every * (1 + max(0.0, now - due) // every)


async def publish(server: Server, every: float, end: asyncio.Event) -> None:
    """Sample and broadcast, `every` so many seconds, until `end` is set."""
    machine, stress = Machine(), Stress()
    extra: dict[str, object] = {}
    now = asyncio.get_running_loop().time
    due = walk_due = now() + every
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout_at(due):
                await end.wait()
        if end.is_set():
            return
        due = following(due, now(), every)
        figures, elapsed = machine.look()
        former, stress = stress, judge(stress, figures, elapsed)
        if stress.tier != former.tier:
            log.info("%s -> %s %s", former.tier, stress.tier, figures)
        told = {"tier": stress.tier, "stress": round(stress.level, 3)}
        # Push, not poll: a sample goes out in the moment that it was made,
        # and the call never waits. Without clients it is made all the same:
        # history wants the last 30 for whoever comes next.
        server.broadcast(told | figures | extra)
        # What is dear waits for clients, and comes after: in nobody's way.
        if not server.has_clients:
            extra = {}
        elif now() >= walk_due:
            walk_due = now() + WALK
            extra = {"heaviest": await asyncio.to_thread(heaviest)}


async def run(event: str, every: float) -> None:
    """Serve `event` until a signal comes."""
    end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Before the server starts: one that comes in between is not lost.
        loop.add_signal_handler(number, end.set)
    async with Server(event, settings=SETTINGS) as server:
        for door, address in server.addresses.items():
            log.info("serving %s at %s (%s)", event, address, door)
        await publish(server, every, end)
    log.info("stopped")  # all were told, and the sockets are gone


def main() -> None:
    parser = argparse.ArgumentParser(description="stress, ten times a second")
    parser.add_argument("--interval", type=float, default=0.1, metavar="S")
    parser.add_argument("--event", default="machine", metavar="NAME")
    args = parser.parse_args()
    if not 0.01 <= args.interval <= 3600:
        parser.error("--interval takes 0.01 to 3600 seconds")
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    # Who comes and goes is no news here: `plugwire clients` tells it.
    logging.getLogger("plugwire").setLevel(logging.WARNING)
    try:
        asyncio.run(run(args.event, args.interval))
    except PlugwireError as error:  # served already, or wrong settings
        sys.exit(f"monitor: {error}")


if __name__ == "__main__":
    main()
