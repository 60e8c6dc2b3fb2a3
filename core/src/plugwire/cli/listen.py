"""Print an event's messages, one JSON object a line, for as long as they
come; connects again by itself."""

from __future__ import annotations

import argparse
import asyncio
from typing import TYPE_CHECKING, Any, Protocol

from plugwire.cli.options import (
    count,
    message_type,
    seconds,
    settings_to_connect,
)
from plugwire.cli.output import out, tell, watched_reader
from plugwire.message import Message
from plugwire.settings import Settings

if TYPE_CHECKING:
    from plugwire.aio.client import Client

EXAMPLE = "plugwire listen load --count 3 | jq .data"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `listen` takes."""
    parser.add_argument("event", metavar="EVENT", help="the event to hear")
    parser.add_argument(
        "--pretty",
        action="store_true",
        help="for people: time, event and data, in colour on a terminal",
    )
    parser.add_argument(
        "--count",
        metavar="N",
        type=count,
        help="end after N messages; even so, the first listener takes all "
        "that fifo keeps",
    )
    parser.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=seconds,
        help="fail when no message comes for so long",
    )
    parser.add_argument(
        "--session", metavar="NAME", help="attach to this session"
    )
    parser.add_argument(
        "--type",
        metavar="TYPE",
        type=message_type,
        action="append",
        dest="types",
        help="data, error or control; may be repeated (data and error)",
    )


def run(args: argparse.Namespace) -> int:
    """Print until there is nothing more to print."""
    settings = settings_to_connect(args)
    asyncio.run(_listen(args, settings))
    return 0


async def _listen(args: argparse.Namespace, settings: Settings) -> None:
    from plugwire.aio.client import Client

    overrides: dict[str, Any] = {}
    if args.timeout is not None:
        overrides["default_timeout"] = min(
            args.timeout, settings.default_timeout
        )
    client = Client(
        args.event,
        door=args.door,
        message_types=args.types or ("data", "error"),
        settings=settings,
        **overrides,
    )
    _report(client, logged=args.verbose > 0 or args.debug)
    show = _for_people() if args.pretty else _for_programs()
    with watched_reader():
        async with client:
            if args.session is not None:
                await client.attach(args.session)
            left = args.count
            while left != 0:
                message = await client.receive(timeout=args.timeout)
                left = None if left is None else left - 1
                show(message, flush=left == 0 or not client.buffered)


class _Show(Protocol):
    def __call__(self, message: Message, *, flush: bool) -> None:
        """Print `message`; with what is buffered, if it is to `flush`."""


def _for_programs() -> _Show:
    import msgspec

    encode = msgspec.json.Encoder().encode

    def show(message: Message, *, flush: bool) -> None:
        out.line(encode(message), flush=flush)

    return show


def _for_people() -> _Show:
    from plugwire.cli.pretty import pretty, wants_colour

    colour = wants_colour()

    def show(message: Message, *, flush: bool) -> None:
        out.raw(pretty(message, colour=colour), flush=flush)

    return show


def _report(client: Client, *, logged: bool) -> None:
    """Say on standard error what the messages do not say, and what is not
    `logged` there already."""
    if not logged:

        @client.on_disconnect
        def lost(_: Client, reason: str) -> None:
            if reason != "disconnected":
                tell(f"connection lost: {reason}")

        @client.on_reconnect
        def back(client: Client) -> None:
            tell(f"connected to {client.event_name} again")

    @client.on_gap
    def gap(_: Client, missed: int | None) -> None:
        if missed is None:
            tell("missed an unknown number: the server was restarted")
        else:
            tell(f"missed {missed} message{'s' if missed != 1 else ''}")
