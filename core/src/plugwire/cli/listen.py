"""Print an event's messages, one JSON object a line, for as long as they
come; connects again by itself."""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from plugwire.cli.options import (
    count,
    message_type,
    seconds,
    settings_to_connect,
)
from plugwire.cli.output import out, tell, watched_reader
from plugwire.cli.whereabouts import told
from plugwire.errors import TimedOut
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

    client = Client(
        args.event,
        door=args.door,
        message_types=args.types or ("data", "error"),
        settings=_hurried(settings, args.timeout),
    )
    _report(client, logged=args.verbose > 0 or args.debug)
    show = _for_people() if args.pretty else _for_programs()
    with watched_reader(), told(args.event, settings):
        async with client:
            if args.session is not None:
                await client.attach(args.session)
            left = args.count
            while left != 0:
                message = await _next(client, args)
                left = None if left is None else left - 1
                show(message, flush=left == 0 or not client.buffered)


def _hurried(settings: Settings, timeout: float | None) -> Settings:
    """The settings, to connect within `--timeout` where that is shorter."""
    if timeout is None or timeout >= settings.default_timeout:
        return settings
    origins = {**settings.origins, "plugwire.default_timeout": "--timeout"}
    return replace(settings, default_timeout=timeout, origins=origins)


async def _next(client: Client, args: argparse.Namespace) -> Message:
    try:
        return await client.receive(timeout=args.timeout)
    except TimedOut as error:
        raise TimedOut(
            f"no message of {args.event!r}{_wanted(args)} within "
            f"{error.seconds:g} s (--timeout)",
            seconds=error.seconds,
        ) from None


def _wanted(args: argparse.Namespace) -> str:
    """Which messages, where not all are wanted."""
    types = f" of type {' or '.join(args.types)}" if args.types else ""
    return types + (f" in session {args.session}" if args.session else "")


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
