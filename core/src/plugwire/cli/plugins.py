"""What is installed, of which kind, and whether it can be used, and why not.
None of it is imported."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from msgspec.structs import asdict

from plugwire.cli.options import add_json, gathered
from plugwire.cli.output import out, table, tell
from plugwire.distributions import GROUP_PREFIX, entries
from plugwire.errors import ConfigurationError
from plugwire.plugins import GROUPS, installed, unmet_wishes
from plugwire.validation import nearest

EXAMPLE = "plugwire plugins"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `plugins` takes."""
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print what the entry points say, and tell of those that are in a group
    that is none."""
    _, problems = gathered(args)
    _list(args)
    # What is installed is wanted most where something is wrong.
    if problems:
        raise ConfigurationError(problems)
    return 0


def _list(args: argparse.Namespace) -> None:
    for wish in unmet_wishes():
        tell(f"note: {wish}")
    found = installed()
    for note in _strays():
        tell(note)
    if args.json:
        out.json([asdict(plugin) for plugin in found])
        return
    heads = ("KIND", "NAME", "DISTRIBUTION", "VERSION", "STATE", "WHY")
    keys = [head.lower() for head in heads]
    rows = [[getattr(plugin, key) for key in keys] for plugin in found]
    out.raw(table(heads, rows))


def _strays() -> Iterator[str]:
    tails = [group.removeprefix(GROUP_PREFIX) for group in GROUPS]
    for entry in entries():
        if entry.group in GROUPS:
            continue
        near = nearest(entry.group.removeprefix(GROUP_PREFIX), tails)
        meant = f"did you mean {GROUP_PREFIX}{near}?"
        yield (
            f"{entry.name!r} of {entry.distribution} {entry.version} is in "
            f"the entry-point group {entry.group}, which is no plugin's: "
            + (meant if near else f"there are {', '.join(GROUPS)}")
        )
