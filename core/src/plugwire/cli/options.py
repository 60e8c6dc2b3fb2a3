"""The options that every command takes, and what they make: settings."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from typing import Any, NoReturn, TypeAlias

from plugwire.errors import ConfigurationError, Problem
from plugwire.settings import NOTHING, Settings

Flags: TypeAlias = Mapping[str, Mapping[str, Any]]
"""Options (`--timeout`), each with the settings that it stands for."""


class Misused(Exception):
    """The command was asked wrongly; the text says what is wrong."""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, as all errors are."""

    def error(self, message: str) -> NoReturn:
        meant = self._meant(message)
        raise Misused(f"{message}{meant}; see {self.prog} --help")

    def _meant(self, message: str) -> str:
        """The option that may be meant by the first that there is not."""
        from plugwire.validation import nearest

        _, found, words = message.partition("unrecognized arguments: ")
        word = words.partition(" ")[0].partition("=")[0]
        known = [name for name in self._option_string_actions if name[2:]]
        near = nearest(word, known) if found and word[:2] == "--" else None
        return f"; did you mean {near}?" if near else ""


def add_shared(parser: argparse.ArgumentParser) -> None:
    """Give `parser` the options of every command."""
    group = parser.add_argument_group("options of every command")
    group.add_argument(
        "--config",
        metavar="FILE",
        help="read this TOML file in place of the one that is found",
    )
    group.add_argument(
        "--transport", metavar="NAME", help="for this call, over all else"
    )
    group.add_argument(
        "--codec", metavar="NAME", help="for this call, over all else"
    )
    group.add_argument(
        "--door", metavar="NAME", help="this door of the event, no other"
    )
    group.add_argument(
        "--set",
        metavar="KEY=VALUE",
        type=_key_and_text,
        action="append",
        default=[],
        dest="texts",
        help="a setting, as tcp.port=9000; may be repeated",
    )
    group.add_argument(
        "-v",
        "--verbose",
        action="count",
        default=0,
        help="say what happens, -vv more of it",
    )
    group.add_argument(
        "--debug", action="store_true", help="show where an error came from"
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """Give `parser` the `--json` of commands that print tables."""
    parser.add_argument(
        "--json",
        action="store_true",
        help="for programs: one JSON document, on one line",
    )


def settings_of(args: argparse.Namespace) -> Settings:
    """The settings that `args` ask for. Raises `ConfigurationError`."""
    settings, problems = gathered(args)
    if problems:
        raise ConfigurationError(problems)
    return settings


def settings_to_connect(
    args: argparse.Namespace, flags: Flags = NOTHING
) -> Settings:
    """As `settings_of`, for a client of `args.event`: where anything is
    wrong, what is wrong with its plugins is told with it."""
    settings, problems = gathered(args, flags)
    if problems:
        from plugwire.compose import compose_client

        door = settings.doors(args.event)[0]
        if args.door:
            door = settings.door(args.event, args.door)
        compose_client(
            args.event,
            settings,
            door=door.name,
            endpoint=door.endpoint,
            transport=door.transport,
            codec=door.codec,
            problems=problems,
        )
    return settings


def gathered(
    args: argparse.Namespace, flags: Flags = NOTHING
) -> tuple[Settings, list[Problem]]:
    """The settings that `args` and the command's own `flags` ask for, with
    what is wrong beside them."""
    from plugwire.loading import gather

    shared = {
        f"--{key}": {key: value}
        for key in ("transport", "codec")
        if (value := getattr(args, key)) is not None
    }
    return gather(
        args.config, {}, flags={**shared, **flags}, texts=dict(args.texts)
    )


def seconds(text: str) -> float:
    """The type of an option: a time in seconds, more than none."""
    from plugwire.settings import MAX_SECONDS

    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value <= MAX_SECONDS:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time in seconds, above 0"
        )
    return value


def count(text: str) -> int:
    """The type of an option: how many, at least one."""
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no number of at least 1")


def message_type(text: str) -> str:
    """The type of an option: what kind of message."""
    if text in ("data", "error", "control"):
        return text
    raise argparse.ArgumentTypeError(f"{text!r} is not data, error or control")


def _key_and_text(text: str) -> tuple[str, str]:
    key, found, value = text.partition("=")
    if not found or not all(key.split(".")):
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    return key, value
