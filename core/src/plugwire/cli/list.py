"""The events that are served here, by this user, and their doors."""

from __future__ import annotations

import argparse

from plugwire import doorsfile
from plugwire.cli.options import add_json, settings_of
from plugwire.cli.output import out, table, tell
from plugwire.rundir import lock_owner, lock_path

EXAMPLE = "plugwire list --json | jq -r '.[].event'"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `list` takes."""
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Look into the folder of sockets, and print what lives there."""
    folder = settings_of(args).folder()
    events = [
        (
            event,
            lock_owner(lock_path(folder, event)),
            [
                entry
                for entry in doorsfile.read(folder, event)
                if args.door in (None, entry.door)
            ],
        )
        for event in doorsfile.served(folder)
    ]
    if args.json:
        out.json(
            [
                {"event": event, "owner": owner, "doors": doors}
                for event, owner, doors in events
            ]
        )
    elif events:
        heads = ("EVENT", "DOOR", "TRANSPORT", "CODEC", "ADDRESS", "OWNER")
        out.raw(
            table(
                heads,
                [
                    (
                        event,
                        door.door,
                        door.transport,
                        door.codec + (" (plain)" if door.plain else ""),
                        f"{door.transport}:{door.address}",
                        owner,
                    )
                    for event, owner, doors in events
                    for door in doors
                ],
            )
        )
    else:
        tell(f"nothing is served in {folder}")
    return 0
