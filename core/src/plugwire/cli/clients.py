"""Who is connected to the server of an event: what waits for each, and what
each has lost."""

from __future__ import annotations

import argparse
import asyncio
from datetime import UTC, datetime
from typing import Any

from plugwire.cli.options import add_json, settings_to_connect
from plugwire.cli.output import out, table, tell
from plugwire.cli.whereabouts import told

EXAMPLE = "plugwire clients load --json | jq '.clients[].dropped'"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `clients` takes."""
    parser.add_argument("event", metavar="EVENT", help="whose server")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Ask the server, and print its answer."""
    from plugwire.aio.control import ask
    from plugwire.protocol import CLIENTS

    settings = settings_to_connect(args)
    with told(args.event, settings):
        answer = asyncio.run(ask(args.event, settings, args.door, CLIENTS))
    if args.json:
        out.json(answer)
        return 0
    _show(args.event, answer["clients"], answer["total"])
    return 0


def _show(event: str, clients: list[dict[str, Any]], total: int) -> None:
    if not clients:
        tell(f"nobody is connected to {event}")
        return
    heads = (
        "ID", "DOOR", "PEER", "SESSION", "SINCE", "QUEUED", "SENT",
        "RECEIVED", "DROPPED",
    )  # fmt: skip
    keys = [head.lower() for head in heads]
    rows = [one | {"since": _since(one["connected_since"])} for one in clients]
    out.raw(table(heads, [[row[key] for key in keys] for row in rows]))
    if total > len(clients):
        tell(f"{len(clients)} of {total} are shown")


def _since(ms: int) -> str:
    """The moment, in this machine's zone."""
    then = datetime.fromtimestamp(ms / 1000, UTC).astimezone()
    return f"{then:%Y-%m-%d %H:%M:%S}"
