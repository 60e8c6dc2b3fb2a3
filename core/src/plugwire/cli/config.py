"""The settings: `show` prints the values and where they come from, `check`
tells all that is wrong with them and with the plugins that they name,
`schema` prints a JSON Schema of the settings file."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from typing import Any

from plugwire.cli.options import Misused, add_json, gathered, settings_of
from plugwire.cli.output import out, table, tell
from plugwire.errors import (
    ConfigurationError,
    PluginError,
    Problem,
    told,
)
from plugwire.plugins import unmet_wishes
from plugwire.settings import DOOR_KEYS, Settings, dotted, where
from plugwire.validation import nearest, shown

EXAMPLE = "plugwire config check --config plugwire.toml"
EVENT = "example"
"""Pipelines are for an event; what is checked is the same for all."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `config` takes."""
    parser.add_argument(
        "act", metavar="show|check|schema", choices=("show", "check", "schema")
    )
    parser.add_argument(
        "--installed",
        action="store_true",
        help="schema: import every plugin that is installed, for its "
        "section; else only those that the settings name",
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Show, check or describe."""
    if args.installed and args.act != "schema":
        raise Misused("--installed is for `config schema`")
    if args.act == "show":
        return _show(args)
    if args.act == "check":
        return _check(args)
    from plugwire.cli.schema import schema

    # An editor needs it most where something is wrong.
    settings, problems = gathered(args)
    for line in told(problems):
        tell(f"plugwire: {' '.join(line.split())}")
    out.json(schema(settings, installed=args.installed))
    return 0


def _show(args: argparse.Namespace) -> int:
    settings = settings_of(args)
    rows = [
        (key, value, where(settings.origins, key)[1])
        for key, value in flat(settings)
    ]
    if args.json:
        out.json(
            {
                key: {"value": value, "origin": origin}
                for key, value, origin in rows
            }
        )
        return 0
    import msgspec

    out.raw(
        table(
            ("KEY", "VALUE", "ORIGIN"),
            [
                (
                    key,
                    "(the transport's own)"
                    if (key, value) == ("plugwire.permissions", None)
                    else msgspec.json.encode(value).decode(),
                    origin,
                )
                for key, value, origin in rows
            ],
        )
    )
    return 0


def flat(settings: Settings) -> Iterator[tuple[str, Any]]:
    """Every key that has a value, dotted, and the value for JSON: the
    core's own, the doors', and what is written in plugins' sections."""
    from plugwire.core_keys import TOP_KEYS

    for name in TOP_KEYS:
        value = getattr(settings, name)
        if name == "socket_dir":
            value = settings.folder()
        if name != "listen":
            yield f"plugwire.{name}", _plain(value)
    yield from _leaves("plugwire.listen", settings.listen)
    yield from _leaves("plugwire", settings.sections)


def _leaves(path: str, table: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        key = dotted(path, str(name))
        if isinstance(value, Mapping) and value:
            yield from _leaves(key, value)
        else:
            yield key, _plain(value)


def _plain(value: Any) -> Any:
    """`value` as JSON can say it."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    return str(value)


def _check(args: argparse.Namespace) -> int:
    settings, problems = gathered(args)
    used: dict[str, set[str]] = {}
    wrong = (
        *_composed(settings, problems, used),
        *_no_door(args.door, settings),
        *_no_loop(settings),
    )
    found = tuple(dict.fromkeys(wrong))
    if args.json:
        out.json([problem._asdict() for problem in found])
    if found:
        raise ConfigurationError(found)
    names = ", ".join(door.name for door in settings.doors(EVENT))
    tell(f"the settings are right; doors: {names}")
    for note in (*_unused(settings, used), *unmet_wishes()):
        tell(f"note: {note}")
    return 0


def _no_door(name: str | None, settings: Settings) -> Iterator[Problem]:
    """What is wrong with `--door`, if anything."""
    doors = [door.name for door in settings.doors(EVENT)]
    if name is not None and name not in doors:
        near = nearest(name, doors)
        table = dotted("plugwire.listen", name)
        yield Problem(
            "plugwire.listen",
            "--door",
            f"one of the doors {', '.join(doors)}",
            shown(name),
            f"did you mean {near}?"
            if near
            else f"write [{table}], or take one of these",
        )


def _no_loop(settings: Settings) -> Iterator[Problem]:
    """What is wrong with `event_loop`, if anything."""
    from plugwire.loops import loop_factory

    try:
        loop_factory(settings)
    except ConfigurationError as error:
        yield from error.problems


def _unused(settings: Settings, used: Mapping[str, set[str]]) -> Iterator[str]:
    """Sections and keys that are without effect; `used` has the plugins of
    each door, and under "" those of all."""
    everywhere = set().union(*used.values())
    for name in sorted(set(settings.sections) - everywhere):
        yield f"plugwire.{name} was not checked: nothing names {name}"
    for door, own in settings.listen.items():
        for name in sorted(set(own) - {*DOOR_KEYS} - used[door]):
            key = f"plugwire.listen.{door}.{name}"
            yield f"{key} was not checked: door {door} does not name {name}"
    for name in DOOR_KEYS:
        key = f"plugwire.{name}"
        has_own = [name in own for own in settings.listen.values()]
        if key in settings.origins and has_own and all(has_own):
            yield f"no door takes {key}: each has its own"


def _composed(
    settings: Settings, problems: list[Problem], used: dict[str, set[str]]
) -> Iterator[Problem]:
    """The `problems` of the settings, and what is wrong with pipelines, on
    the side of servers and of clients, which may ask other things of a
    plugin; the plugins that a server has are put into `used`, by door and
    under "" for all doors."""
    from plugwire.compose import compose_client, compose_server

    try:
        server = compose_server(EVENT, settings, problems)
    except (ConfigurationError, PluginError) as error:
        yield from error.problems
    else:
        used[""] = {one.plugin for one in server.answers}
        for way in server.doors:
            used[way.door] = {one.plugin for one in way.answers}
    for door in settings.doors(EVENT):
        if door.plain:
            continue
        try:
            compose_client(
                EVENT,
                settings,
                door=door.name,
                endpoint=door.endpoint,
                transport=door.transport,
                codec=door.codec,
            )
        except (ConfigurationError, PluginError) as error:
            yield from error.problems
