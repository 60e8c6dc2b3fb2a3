"""Is the server of an event alive: how long an answer takes, and what the
server says of itself. Fails when nobody is there."""

from __future__ import annotations

import argparse
import asyncio
import time
from typing import Any

from plugwire.cli.options import add_json, seconds, settings_to_connect
from plugwire.cli.output import out
from plugwire.cli.whereabouts import told
from plugwire.settings import Settings

EXAMPLE = "plugwire ping load || systemctl --user restart load"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `ping` takes."""
    parser.add_argument("event", metavar="EVENT", help="whose server")
    parser.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=seconds,
        help="for connecting and for the answer (default_timeout)",
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Ask, and print how long it took."""
    flags = {}
    if args.timeout:
        flags["--timeout"] = {"default_timeout": args.timeout}
    settings = settings_to_connect(args, flags)
    with told(args.event, settings):
        facts = asyncio.run(_ping(args.event, settings, args.door))
    if args.json:
        out.json(facts)
    else:
        out.text(_words(facts))
    return 0


async def _ping(
    event: str, settings: Settings, door: str | None
) -> dict[str, Any]:
    from plugwire.aio.control import Control
    from plugwire.protocol import STATS

    async with Control(event, settings, door) as control:
        assert control.server is not None
        begun = time.perf_counter()
        facts = await control.ask(STATS)
        taken = time.perf_counter() - begun
        return {
            "round_trip_ms": round(taken * 1000, 3),
            "door": control.server.door,
            "address": facts["doors"][control.server.door],
            "codec": control.server.codec,
            **facts,
        }


def _words(facts: dict[str, Any]) -> str:
    clients = facts["clients"]
    return (
        f"{facts['event']} answered in {facts['round_trip_ms']:g} ms "
        f"(door {facts['door']}, {facts['address']}, {facts['codec']}): "
        f"{clients} client{'s' if clients != 1 else ''}, "
        f"{facts['broadcasts']} broadcasts, {facts['kept']} kept, "
        f"{facts['dropped']} dropped"
    )
