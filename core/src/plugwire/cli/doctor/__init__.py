"""Looks for what is wrong with this machine, its settings and the plugins
that they name, and says how to mend it; changes nothing. The plugins are
imported in child processes, which may do there whatever they like."""

from __future__ import annotations

import argparse

EXAMPLE = "plugwire doctor --json | jq '.checks[] | select(.findings != [])'"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `doctor` takes."""
    from plugwire.cli.options import add_json

    parser.add_argument(
        "event",
        metavar="EVENT",
        nargs="?",
        default="example",
        help="whose doors and socket paths are looked at",
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Make all checks; 0 when none found anything, else 1."""
    from plugwire.cli.doctor.case import Case
    from plugwire.cli.doctor.checks import CHECKS
    from plugwire.cli.doctor.report import document, words
    from plugwire.cli.output import out
    from plugwire.message import check_event_name

    check_event_name(args.event)
    case = Case(args)
    found = {check: check.findings(case) for check in CHECKS}
    if args.json:
        out.json(document(case, found))
    else:
        out.text(words(case, found))
    return 1 if any(found.values()) else 0
