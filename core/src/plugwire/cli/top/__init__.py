"""Watch an event: the numbers in its messages as they move, rate, lag and
gaps, and who else is connected. Draws on the terminal until q or Ctrl-C."""

from __future__ import annotations

import argparse
import os
import sys
from importlib.util import find_spec

from plugwire.cli.options import Misused, settings_to_connect
from plugwire.cli.whereabouts import told
from plugwire.errors import PlugwireError

EXAMPLE = "plugwire serve load --tick 0.1 & plugwire top load"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `top` takes."""
    parser.add_argument("event", metavar="EVENT", help="the event to watch")


def run(args: argparse.Namespace) -> int:
    """Draw until somebody has seen enough."""
    _need_terminal(args.event)
    if find_spec("textual") is None:
        raise PlugwireError(
            "top draws with Textual, which is not installed: pip install "
            '"plugwire[top]"'
        )
    settings = settings_to_connect(args)
    # Textual takes a third of the start: whoever is refused does not wait.
    import asyncio

    from plugwire.cli.top.watch import watch

    logged = args.verbose > 1 or args.debug
    with told(args.event, settings):
        return asyncio.run(
            watch(args.event, settings, args.door, logged=logged)
        )


def _need_terminal(event: str) -> None:
    """Raise `Misused` where there is nothing to draw on."""
    named = {
        "input": sys.stdin,
        "output": sys.stdout,
        # Textual draws there, so that a file would fill with the drawing.
        "error": sys.stderr,
    }
    for name, stream in named.items():
        if stream is None or not stream.isatty():
            raise Misused(
                f"top draws on a terminal, and standard {name} is none; for "
                f"programs there is plugwire listen {event}"
            )
    if os.environ.get("TERM") == "dumb":
        raise Misused(
            "top moves the cursor, which TERM=dumb cannot; plugwire listen "
            f"{event} prints line by line"
        )
