"""From a word of the configuration to a plugin's instance.

What is wrong is collected, so that one run tells everything.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from plugwire.errors import (
    ConfigurationError,
    PluginError,
    Problem,
    told,
)
from plugwire.misplaced import replaced
from plugwire.pipeline import shown
from plugwire.plugins import Found, Kind, load, plugin_error
from plugwire.settings import NOTHING, Door, Settings
from plugwire.settings import where as origin_of
from plugwire.validation import validate_section

DEFAULT = "default"
PROPOSED = "the transport's proposal"
_DEFAULTS = Settings()


class Place(Struct, frozen=True):
    """Where the configuration says something: the key and its origin."""

    key: str
    origin: str

    def __str__(self) -> str:
        if self.origin in (DEFAULT, PROPOSED):
            return self.origin
        return f"{self.key} ({self.origin})"


def place(settings: Settings, door: str, key: str) -> Place:
    """Where `key` of a door comes from: its table, or the top level."""
    own = key in settings.listen.get(door, NOTHING)
    full = f"plugwire.listen.{door}.{key}" if own else f"plugwire.{key}"
    _, origin = origin_of(settings.origins, full)
    if origin == DEFAULT and (own or _changed(settings, key)):
        origin = "the settings handed over"
    return Place(full, origin)


def _changed(settings: Settings, key: str) -> bool:
    if key in settings.sections:
        return True
    value = getattr(settings, key, None)
    return bool(value != getattr(_DEFAULTS, key, None))


class Troubles:
    """What is wrong with the settings, and with the plugins they name."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self._wrong = list(problems)
        self._broken: list[PluginError] = []
        self._classes: dict[str, type] = {}

    def wrong(
        self, where: Place, expected: str, found: str = "", mend: str = ""
    ) -> None:
        """The settings break a rule."""
        self._wrong.append(
            Problem(where.key, where.origin, expected, found, mend)
        )

    def wrong_all(self, problems: Sequence[Problem]) -> None:
        """The settings break the rules that `problems` tell of."""
        self._wrong.extend(problems)

    def broken(self, where: Place, error: PluginError) -> None:
        """A plugin named at `where` cannot be used."""
        error.problems = tuple(
            p._replace(key=where.key, origin=where.origin)
            for p in error.problems
        )
        self._broken.append(error)

    def imported(self, name: str, cls: type) -> None:
        """A plugin was chosen: its section may be where a key belongs."""
        self._classes[name] = cls

    def settle(self) -> None:
        """Raise what was collected, each once: `ConfigurationError` with
        all of it where any setting is wrong, else `PluginError`."""
        broken = [p for error in self._broken for p in error.problems]
        wrong = replaced(self._wrong, self._classes)
        problems = tuple(dict.fromkeys((*wrong, *broken)))
        if self._wrong:
            raise ConfigurationError(problems)
        if self._broken:
            first = self._broken[0]
            raise PluginError(
                "\n".join(told(problems)),
                kind=first.kind,
                name=first.name,
                distribution=first.distribution,
                problems=problems,
            ) from (first.__cause__ or first)


class Chosen(Struct, frozen=True, eq=False, kw_only=True):
    """A plugin's instance. `found` is None for one handed over in the call,
    which no `word` named; `settings` is None for one that has none."""

    kind: Kind
    word: str
    name: str
    instance: Any
    found: Found | None
    settings: object | None
    where: Place

    def __str__(self) -> str:
        return str(self.found or f"{self.kind} {self.name!r} (handed over)")

    @property
    def distribution(self) -> str:
        """`name version`, or "" for an instance handed over."""
        found = self.found
        return f"{found.distribution} {found.version}" if found else ""

    @property
    def identity(self) -> tuple[object, ...]:
        """Equal for what does the same: one plugin, equal settings."""
        if self.found is None:
            return ("instance", id(self.instance))
        return (self.found.distribution, self.found.name, self.settings)

    def error(self, text: str, mend: str) -> PluginError:
        """`text` says what is wrong with this plugin, after its name."""
        distribution = self.found.distribution if self.found else ""
        return plugin_error(
            self.kind, self.name, distribution, f"the {self} {text}", mend
        )

    def failed(self, what: str, cause: Exception) -> PluginError:
        """The plugin raised `cause` in `what`."""
        error = self.error(
            f"fails in {what}: {type(cause).__name__}: {cause}",
            f"repair it, or name another {self.kind}",
        )
        error.__cause__ = cause
        return error


def choose(
    kind: Kind,
    word: Any,
    where: Place,
    settings: Settings,
    door: Door | None,
    troubles: Troubles,
) -> Chosen | None:
    """The plugin that `word` names or is; None when `troubles` know why not.

    Its section is the door's, or without a door the top level's.
    """
    if isinstance(word, type):
        name = word.__name__
        troubles.wrong(
            where,
            f"the name of a {kind}, or a plugin's instance",
            f"the class {name}",
            f"hand over an instance, {name}(...)",
        )
        return None
    if not isinstance(word, str):
        return Chosen(
            kind=kind,
            word="",
            name=shown(word),
            instance=word,
            found=None,
            settings=None,
            where=where,
        )
    try:
        loaded = load(kind, word)
        name = loaded.found.name
        troubles.imported(name, loaded.cls)
        sections = settings.sections if door is None else door.sections
        section = place(settings, door.name if door else "", name)
        value = _section(
            loaded.cls,
            loaded.found,
            sections.get(name, NOTHING),
            section,
            settings.origins,
        )
        instance = _made(loaded.cls, loaded.found, value)
    except ConfigurationError as error:
        troubles.wrong_all(error.problems)
    except PluginError as error:
        troubles.broken(where, error)
    else:
        return Chosen(
            kind=kind,
            word=word,
            name=name,
            instance=instance,
            found=loaded.found,
            settings=value,
            where=where,
        )
    return None


def _section(
    cls: type[Any],
    found: Found,
    raw: Mapping[str, Any],
    where: Place,
    origins: Mapping[str, str],
) -> object | None:
    """The plugin's own settings, validated; None when it has none."""
    model = getattr(cls, "Settings", None)
    if model is None:
        if raw:
            problem = Problem(
                where.key,
                where.origin,
                f"no section, for the {found} has no settings",
                ", ".join(map(str, raw)),
                f"take [{where.key}] out",
            )
            raise ConfigurationError((problem,))
        return None
    if not (isinstance(model, type) and dataclasses.is_dataclass(model)):
        raise plugin_error(
            found.kind,
            found.name,
            found.distribution,
            f"the {found} has a `Settings` that is no dataclass",
            "its author must make it a frozen dataclass",
        )
    value, problems = validate_section(model, raw, where.key, origins)
    if problems:
        raise ConfigurationError(problems)
    return value


def _made(cls: type[Any], found: Found, value: object | None) -> object:
    try:
        return cls() if value is None else cls(value)
    except ConfigurationError:
        raise
    except Exception as error:
        mend = f"check its settings, or name another {found.kind}"
        if isinstance(error, TypeError) and not _takes(cls, value):
            mend = "its author must let the class take "
            mend += (
                "no arguments, or give it a dataclass `Settings`"
                if value is None
                else "its `Settings`, as the one argument"
            )
        raise plugin_error(
            found.kind,
            found.name,
            found.distribution,
            f"the {found} cannot be made: {type(error).__name__}: {error}",
            mend,
        ) from error


def _takes(cls: type[Any], value: object | None) -> bool:
    """Whether the class is made of what plugwire makes it of."""
    import inspect

    try:
        inspect.signature(cls).bind(*(() if value is None else (value,)))
    except (TypeError, ValueError):
        return False
    return True
