"""The pipelines of a server and of a client, hook by hook: who answers, and
what chose it. Nothing is opened; the plugins that are named are imported."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from msgspec.structs import asdict

from plugwire.cli.options import add_json, gathered
from plugwire.cli.output import out, table
from plugwire.message import check_event_name
from plugwire.pipeline import Answer, ClientPipeline, ServerPipeline

EXAMPLE = "plugwire explain load"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `explain` takes."""
    parser.add_argument(
        "event",
        metavar="EVENT",
        nargs="?",
        default="example",
        help="whose endpoints, and whose doors file if it is served",
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Compose, and print what was composed."""
    from plugwire.choice import choose
    from plugwire.compose import compose_client, compose_server

    check_event_name(args.event)
    settings, problems = gathered(args)
    server = compose_server(args.event, settings, problems)
    choice = choose(args.event, settings, args.door)
    client = compose_client(
        args.event,
        settings,
        door=choice.door,
        endpoint=choice.endpoint,
        transport=choice.transport,
        codec=choice.codec,
    )
    if args.json:
        out.json(_document(args.event, server, client, args.door))
    else:
        out.text(_words(server, client, args.door))
    return 0


def _document(
    event: str,
    server: ServerPipeline,
    client: ClientPipeline,
    door: str | None,
) -> dict[str, Any]:
    return {
        "event": event,
        "server": {
            "doors": [
                {
                    **_way(one),
                    "plain": one.plain,
                    "lag": one.lag,
                    "max_connections": one.max_connections,
                }
                for one in server.doors
                if door in (None, one.door)
            ],
            "queue": [asdict(answer) for answer in server.answers],
        },
        "client": _way(client),
    }


def _way(pipeline: Any) -> dict[str, Any]:
    """What doors and clients have in common."""
    return {
        "door": pipeline.door,
        "endpoint": pipeline.endpoint,
        "transport": pipeline.transport,
        "codec": pipeline.codec,
        "extensions": pipeline.extensions,
        "answers": [asdict(answer) for answer in pipeline.answers],
    }


def _words(
    server: ServerPipeline, client: ClientPipeline, door: str | None
) -> str:
    parts = []
    for one in server.doors:
        if door in (None, one.door):
            plain = ", plain" if one.plain else ""
            head = f"server, door {one.door} ({one.endpoint}{plain})"
            parts.append(_part(head, one.answers))
    parts.append(_part("server, for all doors", server.answers))
    head = f"client, to door {client.door} ({client.endpoint})"
    parts.append(_part(head, client.answers))
    return "\n\n".join(parts)


def _part(head: str, answers: Sequence[Answer]) -> str:
    heads = ("HOOK", "ANSWERED BY", "FROM", "CHOSEN BY")
    rows = [
        (
            answer.hook,
            f"{answer.kind} {answer.plugin}",
            answer.distribution or "the call",
            answer.chosen_by,
        )
        for answer in answers
    ]
    body = table(heads, rows).replace("\n", "\n  ")
    return f"{head}\n  {body}"
