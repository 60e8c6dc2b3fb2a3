"""The core's own keys: what `[plugwire]` and a `listen` table may hold."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import Field, fields
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from plugwire.errors import Problem, ValidationFailed
from plugwire.misplaced import A_DOOR
from plugwire.reading import PREFIX, RESERVED
from plugwire.settings import (
    DOOR_KEYS,
    NOTHING,
    EnvText,
    Settings,
    dotted,
    where,
)
from plugwire.validation import (
    check,
    field_types,
    nearest,
    shown,
    sort_of,
    spelled,
    unknown,
)

_FIELDS: Mapping[str, Field[Any]] = {
    f.name: f
    for f in fields(Settings)
    if f.name not in ("sections", "origins")
}
TOP_KEYS = tuple(_FIELDS)
"""What `[plugwire]` may hold, beside plugin sections."""

_ONE = frozenset({"transport", "codec", "queue"})
_MANY = frozenset({"permissions", "extensions"})
_NO_SETTINGS = frozenset(
    name.removeprefix(PREFIX).lower() for name in RESERVED
)
"""Variables that are no settings, and may be meant by a misspelt one."""
_BASIC = frozenset({"builtins", "datetime"})
"""Modules of values that are no plugin's instance: numbers, lists, classes."""
_WORD = r"[A-Za-z0-9._-]+(?:@[A-Za-z0-9._-]+)?"
"""What may be meant as a plugin's name, with or without a distribution."""
_SOME = 8
"""Names that a mend writes down."""
_NAMES = "plugwire plugins lists their names"


class Checker:
    """Checks tables of settings; `problems` collects what is wrong."""

    def __init__(self, origins: Mapping[str, str]) -> None:
        self._origins = origins
        self.problems: list[Problem] = []

    def top(self, table: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments for `Settings` from what stands in `[plugwire]`."""
        values, sections = self._table(table, "plugwire", TOP_KEYS)
        return {**values, "sections": MappingProxyType(sections)}

    def _table(
        self, table: Mapping[str, Any], path: str, known: tuple[str, ...]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        values: dict[str, Any] = {}
        sections: dict[str, Any] = {}
        for name, value in table.items():
            key = dotted(path, str(name))
            if name == "listen" and name in known:
                values[name] = self._listen(value, key)
            elif name in known:
                before = len(self.problems)
                value = self._value(name, value, key)
                if len(self.problems) == before:
                    values[name] = value
            elif name in _FIELDS:
                self._say(
                    key,
                    f"a key that a door may set ({', '.join(known)})",
                    mend=f"set plugwire.{name}: it holds for all doors",
                )
            elif self._is_section(name, value, path, known):
                sections[name] = value
        return values, sections

    def _value(self, name: str, value: Any, key: str) -> Any:
        if name in _ONE:
            return self._plugin(value, key)
        if name in _MANY:
            return self._plugins(name, value, key)
        if name == "socket_dir":
            return self._socket_dir(value, key)
        value, wrong = check(
            _types()[name], value, key, self._origins, _FIELDS[name]
        )
        self.problems += wrong
        if name == "timezone" and not wrong:
            self._zone(value, key)
        return value

    def _plugin(self, value: Any, key: str) -> Any:
        """A name, or an instance of a plugin."""
        if isinstance(value, str):
            if not value:
                mend = "name one, or leave it out"
                self._say(key, "the name of a plugin", shown(value), mend)
            return str(value)
        if isinstance(value, type):
            self._say(
                key,
                "a name or a plugin's instance",
                f"the class {value.__name__}",
                f"hand over an instance, {value.__name__}(...)",
            )
        elif type(value).__module__ in _BASIC:
            mend = _NAMES
            if isinstance(value, (list, tuple)) and all(
                isinstance(word, str) for word in value
            ):
                words = [f'"{word:.60}"' for word in value[:_SOME]]
                mend = f"write {' or '.join(words)}" if words else mend
            self._say(key, "the name of a plugin", shown(value), mend)
        return value

    def _plugins(self, name: str, value: Any, key: str) -> Any:
        if name == "permissions" and value is None:
            return None
        if isinstance(value, EnvText):
            text = str(value)
            value, wrong = check(
                tuple[Any, ...], value, key, self._origins, _FIELDS[name]
            )
            if wrong and (mend := _as_list(text)):
                wrong = [wrong[0]._replace(mend=mend)]
            self.problems += wrong
            if wrong:
                return None
        if not isinstance(value, (list, tuple)):
            mend = _as_list(value) if isinstance(value, str) else _NAMES
            self._say(key, "a list of names", shown(value), mend)
            return None
        if name == "permissions" and not value:
            self._say(
                key,
                "at least one permission",
                "none",
                'to let everyone in, say so: permissions = ["anyone"]',
            )
        for one in value:
            self._plugin(one, key)
        return tuple(value)

    def _listen(self, value: Any, key: str) -> Any:
        if not isinstance(value, Mapping) or not value:
            self._say(
                key,
                "a table for each door",
                sort_of(value) if value else "none",
                "write [plugwire.listen.main], or leave listen out",
            )
            return NOTHING
        doors: dict[str, Mapping[str, Any]] = {}
        for name, table in value.items():
            path = dotted(key, str(name))
            if self._is_door(name, table, path):
                values, sections = self._table(table, path, DOOR_KEYS)
                doors[name] = MappingProxyType(values | sections)
        return MappingProxyType(doors)

    def _is_door(self, name: Any, table: Any, key: str) -> bool:
        from plugwire.message import check_event_name

        try:
            check_event_name(name)
        except ValidationFailed as error:
            why = str(error).partition("; ")[0].partition(": ")[2]
            self._say(
                key,
                "a door's name of 1 to 64 characters a-z A-Z 0-9 _ and -",
                f"{shown(name)} ({why})",
                "rename the door",
            )
            return False
        if not isinstance(table, Mapping):
            mend = self._as_all_doors_have_it(name) or (
                f"write [{key}]; a plugin's key stands in its section, "
                "[plugwire.NAME]"
            )
            self._say(key, A_DOOR, sort_of(table), mend)
            return False
        return True

    def _as_all_doors_have_it(self, name: str) -> str:
        """The mend for a setting where a door should be, or ""."""
        if name not in TOP_KEYS:
            return ""
        everywhere = (
            f"under [plugwire]{' for all doors' * (name in DOOR_KEYS)}"
        )
        if name not in DOOR_KEYS:
            return f"write {name} {everywhere}"
        return f"write {name} under [plugwire.listen.main], or {everywhere}"

    def _socket_dir(self, value: Any, key: str) -> Path | None:
        """A folder that is the same one for a server and its clients, from
        whatever folder they are started."""
        if value is None:
            return None
        mend = "leave it out for the default"
        if isinstance(value, (str, Path)) and str(value):
            path = Path(value)
            try:
                if path.expanduser().is_absolute():
                    return path
            except RuntimeError:  # a user without a home, or no user
                mend = "name another home"
            else:
                mend = f'write "{path.absolute()}", say'
        self._say(key, "an absolute path, or one from ~/", shown(value), mend)
        return None

    def _zone(self, name: str, key: str) -> None:
        # UTC needs no data, which some systems come without.
        if name == "UTC":
            return
        import zoneinfo

        try:
            zoneinfo.ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            near = nearest(name, zoneinfo.available_timezones())
            self._say(
                key,
                "the name of a time zone (IANA), as in Europe/Paris",
                shown(name),
                f'did you mean "{near}"?'
                if near
                else 'write timezone = "UTC", or another zone\'s name',
            )

    def _is_section(
        self, name: Any, value: Any, path: str, known: tuple[str, ...]
    ) -> bool:
        """Whether it is a table that an installed plugin may have."""
        from plugwire.plugins import installed_names

        installed = installed_names()
        if isinstance(value, Mapping):
            if name in installed:
                return True
            self.problems.append(
                unknown(path, str(name), self._origins, {*known, *installed})
            )
        elif name in installed:
            key = dotted(path, str(name))
            self._say(
                key,
                "a table, the section of a plugin",
                sort_of(value),
                f"set a key of it, {self._spelled(key)}, with its name in "
                "place of KEY",
            )
        else:
            self._unknown(path, str(name), known, installed)
        return False

    def _unknown(
        self,
        path: str,
        name: str,
        known: tuple[str, ...],
        installed: Collection[str],
    ) -> None:
        """A key that means nothing: `tcp_port` is `port` of `tcp`."""
        _, origin = where(self._origins, dotted(path, name))
        variable = origin.startswith("environment ") and path == "plugwire"
        choices = {*known, *(_NO_SETTINGS if variable else ())}
        problem = unknown(path, name, self._origins, choices)
        if right := _inside(name, installed):
            own = spelled(f"{path}.{right}", origin)
            problem = problem._replace(mend=f"did you mean {own}?")
        elif not nearest(name, choices):
            mend = _in_sections(path, name, origin)
            if section := nearest(name, installed):
                key = spelled(f"{dotted(path, section)}.KEY", origin)
                mend = f"did you mean a key of {section}, {key}?"
            else:
                mend = f"{problem.mend}; {mend}"
            problem = problem._replace(mend=mend)
        self.problems.append(problem)

    def _spelled(self, key: str) -> str:
        return spelled(f"{key}.KEY", where(self._origins, key)[1])

    def _say(
        self, key: str, expected: str, found: str = "", mend: str = ""
    ) -> None:
        key, origin = where(self._origins, key)
        self.problems.append(Problem(key, origin, expected, found, mend))


def _inside(name: str, installed: Collection[str]) -> str:
    """The key of a section that is written as one name, as a variable has
    it (--set tcp__port) or with a dash; or ""."""
    folded = name.lower().replace("-", "_")
    for section in sorted(installed, key=len, reverse=True):
        own = folded.removeprefix(f"{section}_").removeprefix("_")
        if own and own != folded:
            return dotted(section, own)
    return ""


def _in_sections(path: str, name: str, origin: str) -> str:
    """Where a key would be that is a plugin's: which has it is known to the
    plugins alone, and none is imported to ask."""
    if origin.startswith("environment "):
        example = spelled(dotted(f"{path}.NAME", name), origin)
        return f"a plugin's key has its name before it, {example}"
    if path == "plugwire":
        return "a plugin's key stands in its section, [plugwire.NAME]"
    return f"a plugin's key stands in its section, NAME = {{ {name} = … }}"


def _as_list(text: str) -> str:
    """The mend for names that were not written as a list, or ""."""
    words = [word.strip() for word in text.split(",")]
    if not all(re.fullmatch(_WORD, word) for word in words):
        return ""
    listed = ", ".join(f'"{word}"' for word in words[:_SOME])
    return f"write [{listed}]"


@cache
def _types() -> Mapping[str, Any]:
    return field_types(Settings)
