"""Files, environment and call arguments to `Settings`.

Call arguments and `--set` go over the environment, the environment over the
file, the file over the defaults. Tables merge; lists and all else replace.
Nothing stops half-way: what is wrong is told, all of it at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from plugwire import reading, wellknown
from plugwire.core_keys import TOP_KEYS, Checker
from plugwire.errors import ConfigurationError, Problem
from plugwire.reading import find_file
from plugwire.settings import (
    DOOR_KEYS,
    NOTHING,
    EnvText,
    Settings,
    dotted,
)
from plugwire.validation import nearest, sort_of, table_from_text
from plugwire.wishes import misspelt, operator

__all__ = ["Source", "find_file", "gather", "load_settings"]

Source = str | Path | Mapping[str, Any] | Settings | None
MAX_DEPTH = 16
"""Tables in tables: plugins' sections have some three, and what is without
an end would take all memory."""


def load_settings(source: Source = None, **overrides: Any) -> Settings:
    """The settings from `source`, with `overrides` laid over them.

    `source` is None (the file that is found, and the environment), a path
    (that TOML file, and the environment), a mapping (what stands under
    `[plugwire]`; nothing else is read) or a `Settings` (nothing else is
    read). Raises `ConfigurationError` with everything that is wrong.
    """
    settings, problems = gather(source, overrides)
    if problems:
        raise ConfigurationError(problems)
    return settings


def gather(
    source: Source,
    overrides: Mapping[str, Any],
    *,
    flags: Mapping[str, Mapping[str, Any]] = NOTHING,
    texts: Mapping[str, str] = NOTHING,
) -> tuple[Settings, list[Problem]]:
    """As `load_settings`, but what is wrong is told beside the settings,
    which have the default in its place.

    `flags` are options of the command, each with the table that it sets,
    and `texts` its `--set KEY=VALUE`: dotted keys, values read as those of
    the environment are.
    """
    asked = None
    if isinstance(source, dict) and not flags and not texts:
        asked = wellknown.asked(source, overrides)
        if asked is not None and (settings := wellknown.get(asked)):
            return settings, []
    tree = _Tree()
    if isinstance(source, Settings):
        came = source.origins
        tree.origins.update(came)
        tree.lay(_table(source), lambda key: came.get(key, "settings"))
    elif isinstance(source, Mapping):
        tree.lay(source, lambda _: "settings")
    else:
        tree.read_file(source)
        tree.read_environment()
    tree.lay(overrides, lambda _: "call")
    for flag, table in flags.items():
        tree.lay(table, partial(_said, flag))
    for key, text in texts.items():
        path = key.removeprefix("plugwire.").split(".")
        tree.lay_text(path, text, "--set")
    settings, problems = _checked(tree)
    if asked is not None and not problems:
        wellknown.put(asked, settings)
    return settings, problems


def _checked(tree: _Tree) -> tuple[Settings, list[Problem]]:
    """The settings that the tree holds, and what is wrong with it."""
    alike = None if tree.problems else wellknown.key(tree.data, tree.origins)
    if alike is not None and (settings := wellknown.get(alike)):
        return settings, []
    checker = Checker(tree.origins)
    values = checker.top(tree.data)
    problems = tree.problems + checker.problems
    wrong = tuple(f"{p.key}." for p in problems)
    if not values.get("listen"):  # none of its doors was one
        wrong += ("plugwire.listen.",)
    origins = {
        key: origin
        for key, origin in tree.origins.items()
        if not f"{key}.".startswith(wrong)
    }
    settings = Settings(**values, origins=MappingProxyType(origins))
    if alike is not None and not problems:
        wellknown.put(alike, settings)
    return settings, problems


def _said(flag: str, _key: str) -> str:
    return flag


def _table(settings: Settings) -> dict[str, Any]:
    """What somebody made by hand, as a table: what is not a default, and
    what was set to it in so many words."""
    usual = Settings()
    given = {
        name: value
        for name in TOP_KEYS
        if (value := getattr(settings, name)) != getattr(usual, name)
        or f"plugwire.{name}" in settings.origins
    }
    return given | dict(settings.sections)


class _Tree:
    """Layers, merged, with the origin of each value."""

    def __init__(self) -> None:
        self.data: dict[str, Any] = {}
        self.origins: dict[str, str] = {}
        self.problems: list[Problem] = []

    def read_file(self, source: str | Path | None) -> None:
        try:
            if source is None:
                file = reading.read_found()
            else:
                file = reading.read_file(Path(source))
        except reading.Unreadable as error:
            self.problems.append(error.problem)
            return
        if file is None:
            return
        for key in file.tables:
            if key != "plugwire":
                mend = f"move it there, as plugwire.{key}, or remove it"
                if nearest(key, ("plugwire",)):
                    mend = "did you mean [plugwire]?"
                self.problems.append(
                    Problem(
                        key,
                        file.origin(key),
                        "everything under [plugwire]",
                        mend=mend,
                    )
                )
        table = file.tables.get("plugwire", {})
        if isinstance(table, Mapping):
            self.lay(table, file.origin)
        else:
            self.problems.append(
                Problem(
                    "plugwire",
                    file.origin("plugwire"),
                    "a table",
                    sort_of(table),
                    "write [plugwire] above the settings",
                )
            )

    def read_environment(self) -> None:
        found, problems = reading.variables()
        self.problems += (*problems, *misspelt(operator()))
        # Sorted, so that the order of the environment decides nothing.
        for name, text in sorted(found.items()):
            path = name.lower().split("__")
            self.lay_text(path, text, f"environment {reading.PREFIX}{name}")

    def lay_text(self, path: list[str], text: str, origin: str) -> None:
        """Lay one text over what is there, at `path`."""
        path = self._door_as_written(path)
        value: Any = EnvText(text)
        if _holds_a_table(path):
            table = table_from_text(text)
            value = value if table is None else table
        for name in reversed(path):
            value = {name: value}
        self.lay(value, lambda _: origin)

    def lay(
        self, layer: Mapping[str, Any], origin: Callable[[str], str]
    ) -> None:
        """Lay `layer` over what is there; `origin` is asked for each key."""
        self._lay(self.data, layer, "plugwire", origin, MAX_DEPTH)

    def _lay(
        self,
        below: dict[str, Any],
        layer: Mapping[str, Any],
        path: str,
        origin: Callable[[str], str],
        depth: int,
    ) -> None:
        for key, value in layer.items():
            full = dotted(path, str(key))
            under = below.get(key)
            if isinstance(value, Mapping):
                if not depth:
                    self.problems.append(_too_deep(full, origin(full)))
                    continue
                if not isinstance(under, dict):
                    under = below[key] = {}
                    self.origins[full] = origin(full)
                self._lay(under, value, full, origin, depth - 1)
                continue
            if isinstance(under, dict):
                self._forget(f"{full}.")
            below[key] = value
            self.origins[full] = origin(full)

    def _forget(self, prefix: str) -> None:
        for key in [k for k in self.origins if k.startswith(prefix)]:
            del self.origins[key]

    def _door_as_written(self, path: list[str]) -> list[str]:
        """`path` with the door's name as the file has it.

        A variable has neither small letters nor a dash.
        """
        doors = self.data.get("listen")
        if path[0] != "listen" or len(path) < 2 or not isinstance(doors, dict):
            return path
        name = path[1]
        like = [
            d for d in doors if d == name or _folded(str(d)) == _folded(name)
        ]
        if name in like or len(like) != 1:
            return path
        return ["listen", like[0], *path[2:]]


def _too_deep(key: str, origin: str) -> Problem:
    return Problem(
        key,
        origin,
        f"tables in tables, {MAX_DEPTH} deep at most",
        "one more",
        "write what is in it further up",
    )


def _folded(name: str) -> str:
    return name.lower().replace("-", "_")


def _holds_a_table(path: list[str]) -> bool:
    match path:
        case ["listen"] | ["listen", _]:
            return True
        case ["listen", _, name]:
            return name not in DOOR_KEYS
        case [name]:
            return name not in TOP_KEYS
    return False
