"""Send one message to the server of an event, or ask it something."""

from __future__ import annotations

import argparse
from typing import Any

from plugwire.cli.options import (
    Misused,
    message_type,
    seconds,
    settings_to_connect,
)
from plugwire.cli.output import out
from plugwire.cli.whereabouts import told
from plugwire.settings import Settings

EXAMPLE = "plugwire send load mute=true reason='too loud'"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `send` takes."""
    parser.add_argument("event", metavar="EVENT", help="whose server")
    parser.add_argument(
        "pairs",
        metavar="KEY=VALUE",
        nargs="*",
        help="the value is JSON where it parses, else text",
    )
    parser.add_argument("--json", metavar="OBJECT", help="the data as JSON")
    parser.add_argument(
        "--request",
        action="store_true",
        help="wait for the answer, and print its data as JSON",
    )
    parser.add_argument(
        "--type",
        metavar="TYPE",
        type=message_type,
        help="data, error or control (data)",
    )
    parser.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=seconds,
        help="for connecting and for the answer (default_timeout)",
    )


def run(args: argparse.Namespace) -> int:
    """Send it."""
    data = data_of(args.pairs, args.json)
    if args.request and args.type:
        raise Misused("take --request or --type, not both: a request is data")
    flags = {}
    if args.timeout:
        flags["--timeout"] = {"default_timeout": args.timeout}
    settings = settings_to_connect(args, flags)
    with told(args.event, settings):
        answer = _send(args, settings, data)
    if answer is not None:
        out.json(answer)
    return 0


def data_of(pairs: list[str], text: str | None) -> dict[str, Any]:
    """What is to be sent. Raises `Misused`."""
    if text is not None:
        if pairs:
            raise Misused("give KEY=VALUE or --json OBJECT, not both")
        found = _parsed(text)
        if not isinstance(found, dict):
            raise Misused(f"--json {text!r:.60} is no JSON object")
        return found
    if not pairs:
        raise Misused("nothing to send: give KEY=VALUE or --json OBJECT")
    data: dict[str, Any] = {}
    for pair in pairs:
        key, found_one, value = pair.partition("=")
        if not found_one or not key:
            raise Misused(
                f"{pair!r:.60} is not KEY=VALUE; to send an object, write "
                "--json OBJECT"
            )
        if key in data:
            raise Misused(f"{key!r:.60} is given twice")
        parsed = _parsed(value)
        data[key] = value if parsed is _NOTHING else parsed
    return data


_NOTHING = object()


def _parsed(text: str) -> Any:
    import msgspec

    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return _NOTHING


def _send(
    args: argparse.Namespace, settings: Settings, data: dict[str, Any]
) -> dict[str, Any] | None:
    # Without asyncio, whose import is half of a short program's time.
    from plugwire.sync import Client

    client = Client(
        args.event,
        door=args.door,
        receive=False,
        settings=settings,
    )
    with client:
        if args.request:
            return client.request(data).data
        client.send(data, message_type=args.type or "data")
    return None
