"""What is installed, of which kind, and whether it can be used, and why not.
None of it is imported."""

from __future__ import annotations

import argparse

from msgspec.structs import asdict

from plugwire.cli.options import add_json, settings_of
from plugwire.cli.output import out, table
from plugwire.plugins import installed

EXAMPLE = "plugwire plugins"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `plugins` takes."""
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print what the entry points say."""
    settings_of(args)
    found = installed()
    if args.json:
        out.json([asdict(plugin) for plugin in found])
        return 0
    heads = ("KIND", "NAME", "DISTRIBUTION", "VERSION", "STATE", "WHY")
    keys = [head.lower() for head in heads]
    rows = [[getattr(plugin, key) for key in keys] for plugin in found]
    out.raw(table(heads, rows))
    return 0
