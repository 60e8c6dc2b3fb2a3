"""Entry points: what is installed, and loading one of it by name.

Listing imports no plugin. A plugin that the configuration names is imported,
and only that one, after everything that speaks against it has been looked
at: a name that two distributions claim, the operator's `PLUGWIRE_DISABLE`
and `PLUGWIRE_ALLOW`, and a `Requires-Dist` that excludes the running core.
The environment's order never decides. Safe from any thread.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import fields
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from plugwire.distributions import (
    Entry,
    copies,
    entries,
    namesakes,
    normal,
    requirements,
)
from plugwire.errors import ConfigurationError, PluginError, Problem
from plugwire.settings import Settings
from plugwire.validation import nearest
from plugwire.versions import lacking, required_name, skewed
from plugwire.wishes import (
    ALLOW,
    DISABLE,
    Wishes,
    misspelt,
    names,
    operator,
)

Kind: TypeAlias = Literal[
    "transport", "codec", "queue", "permission", "extension"
]
State: TypeAlias = Literal[
    "available", "blocked", "incompatible", "doubled", "badly named"
]
GROUPS: MappingProxyType[str, Kind] = MappingProxyType(
    {
        "plugwire.transports": "transport",
        "plugwire.codecs": "codec",
        "plugwire.queues": "queue",
        "plugwire.permissions": "permission",
        "plugwire.extensions": "extension",
    }
)
"""Entry-point group -> the kind of its plugins."""

USABLE = 64
"""Words whose plugin is remembered: a process has some five, and the clients
that it makes by the hundred are of the same ones."""

_NAME = re.compile(r"(?!.*__)[a-z][a-z0-9_]*\Z")
_VALUE = re.compile(r"(?P<module>[\w.]+)\s*(?::\s*(?P<path>[\w.]+))?")
_RESERVED = frozenset(f.name for f in fields(Settings))


class Found(Struct, frozen=True, kw_only=True):
    """An entry point that is installed, not imported.

    `value` is its text (`module:Class`), `requires` what its distribution's
    Requires-Dist say about plugwire. `why` explains a `state` other than
    "available", with the mend.
    """

    kind: Kind
    name: str
    distribution: str
    version: str
    value: str
    requires: tuple[str, ...]
    state: State = "available"
    why: str = ""

    def __str__(self) -> str:
        return (
            f"{self.kind} {self.name!r} ({self.distribution} {self.version})"
        )


class Unmet(Struct, frozen=True):
    """A word of the operator's `variable` that means nothing installed, and
    what it looks like: here it may be a slip."""

    variable: str
    word: str
    near: str | None

    @property
    def found(self) -> str:
        """What is wrong with it."""
        return "no such plugin or distribution is installed"

    @property
    def mend(self) -> str:
        """What to do about it."""
        if self.near:
            return f"did you mean {self.near}?"
        return "plugwire plugins lists what is installed"

    def __str__(self) -> str:
        return f"{self.variable} names {self.word}: {self.found}; {self.mend}"


class Loaded(Struct, frozen=True):
    """A plugin's class, imported, and where it was found."""

    cls: type[Any]
    found: Found


def installed() -> tuple[Found, ...]:
    """All that is installed, by kind, name and distribution.

    The environment is read once a process; `PLUGWIRE_DISABLE` and
    `PLUGWIRE_ALLOW` are read anew by each call.
    """
    claims = _scan()
    wishes = operator()
    judged = []
    for found in claims:
        state, why, mend = _standing(found, claims, wishes)
        text = f"{why}; {mend}" if mend else why
        judged.append(replace(found, state=state, why=text))
    return tuple(judged)


def unmet_wishes() -> tuple[Unmet, ...]:
    """What `PLUGWIRE_DISABLE` and `PLUGWIRE_ALLOW` name that is not
    installed."""
    claims, wishes = _scan(), operator()
    if misspelt(wishes):
        return ()
    known: set[str] = set()
    for found in claims:
        own = normal(found.distribution)
        known |= {found.name, own, f"{found.name}@{own}"}
    return tuple(
        Unmet(variable, word, nearest(word, known))
        for variable, word in wishes.words()
        if not any(_is_named(found, word) for found in claims)
    )


def installed_names() -> frozenset[str]:
    """The words that may be a plugin's section, of whatever state."""
    return frozenset(f.name for f in _scan() if not bad_name(f.name))


def offered() -> frozenset[str]:
    """The distributions that core's own extras bring, installed or not: the
    first-party plugins, whose names are taken."""
    return frozenset(map(required_name, requirements("plugwire")))


def rescan() -> None:
    """Forget what was read: the next question reads the environment."""
    importlib.invalidate_caches()
    _entries.cache_clear()
    _scan.cache_clear()
    _namesakes.cache_clear()
    _usable.cache_clear()


def load(kind: Kind, word: str, wishes: Wishes | None = None) -> Loaded:
    """Import the plugin that `word` names: `name` or `name@distribution`.
    `wishes` spares another look into the environment.

    Raises `PluginError`, of which `problems` holds one item with the mend,
    when it is not installed, doubled, blocked, incompatible with this core,
    badly named, or when its import raises or gives no class, and
    `ConfigurationError` when `PLUGWIRE_DISABLE` or `PLUGWIRE_ALLOW` cannot
    be read. No other plugin is imported.
    """
    found = find(kind, word, wishes)
    return Loaded(_imported(found), found)


def find(kind: Kind, word: str, wishes: Wishes | None = None) -> Found:
    """What `word` names, not imported. Raises as `load` does for all that
    can be known without an import."""
    return _usable(kind, word, wishes or operator())


@lru_cache(maxsize=USABLE)
def _usable(kind: Kind, word: str, wishes: Wishes) -> Found:
    """What `word` names, once nothing speaks against it."""
    if problems := misspelt(wishes):
        raise ConfigurationError(problems)
    name, at, distribution = word.partition("@")
    claims = [f for f in _scan() if (f.kind, f.name) == (kind, name)]
    if at:
        wanted = normal(distribution)
        claims = [f for f in claims if normal(f.distribution) == wanted]
    if not claims:
        raise _missing(kind, word)
    standings = [(found, _standing(found, claims, wishes)) for found in claims]
    free = [s for s in standings if s[1][0] != "blocked"]
    found, (state, why, mend) = (free or standings)[0]
    if state != "available":
        raise _refused(found, f"the {found} is {state}: {why}", mend)
    return found


def plugin_error(
    kind: str, name: str, distribution: str, found: str, mend: str
) -> PluginError:
    """A `PluginError` with its one problem: what was `found`, and the mend.

    Its key and origin are the kind's; who knows better replaces them. What
    was `found` is a whole sentence, and says by itself what was expected.
    """
    problem = Problem(
        key=f"plugwire.{kind}",
        origin=f"asked for {name!r}",
        expected="",
        found=found,
        mend=mend,
    )
    return PluginError(
        f"{found}; {mend}",
        kind=kind,
        name=name,
        distribution=distribution,
        problems=(problem,),
    )


@lru_cache(maxsize=1)
def _scan() -> tuple[Found, ...]:
    claims: dict[tuple[str, str, str], Found] = {}
    for entry in _entries():
        kind = GROUPS[entry.group]
        # What is on sys.path twice counts once, as for an import.
        claims.setdefault(
            (kind, entry.name, normal(entry.distribution)),
            Found(
                kind=kind,
                name=entry.name,
                distribution=entry.distribution,
                version=entry.version,
                value=entry.value,
                requires=tuple(
                    text
                    for text in entry.requires
                    if required_name(text) == "plugwire"
                ),
            ),
        )
    return tuple(claims[key] for key in sorted(claims))


@lru_cache(maxsize=1)
def _entries() -> tuple[Entry, ...]:
    return tuple(entry for entry in entries() if entry.group in GROUPS)


@lru_cache(maxsize=1)
def _namesakes() -> Mapping[str, tuple[str, ...]]:
    return namesakes(_entries())


def _standing(
    found: Found, claims: Iterable[Found], wishes: Wishes
) -> tuple[State, str, str]:
    """The state, why, and the mend; `claims` holds the rivals."""
    if why := bad_name(found.name):
        return "badly named", why, "its author must rename it"
    if blocked := _blocked(found, wishes):
        return "blocked", *blocked
    if places := _namesakes().get(normal(found.distribution)):
        return (
            "doubled",
            f"{' and '.join(places)} both call themselves "
            f"{found.distribution}, and only one can be it",
            "uninstall the others, or take their folder out of PYTHONPATH",
        )
    rivals = [
        f.distribution
        for f in claims
        if (f.kind, f.name) == (found.kind, found.name)
        and not _blocked(f, wishes)
    ]
    if len(rivals) > 1:
        picks = " or ".join(f'"{found.name}@{r}"' for r in rivals)
        return "doubled", f"{' and '.join(rivals)} claim it", f"write {picks}"
    who = f"{found.distribution} {found.version}"
    if skew := skewed(who, found.requires):
        upgrade = f"pip install --upgrade plugwire {found.distribution}"
        return "incompatible", skew, upgrade
    return "available", "", ""


def bad_name(name: str) -> str:
    """Why `name` can be no plugin's, or ""."""
    if name in _RESERVED:
        return f"{name!r} is a key of plugwire's own settings"
    if not _NAME.match(name):
        return (
            f"{name!r} is no plugin's name: a-z first, then a-z 0-9 _, and "
            "no double _"
        )
    return ""


def _blocked(found: Found, wishes: Wishes) -> tuple[str, str] | None:
    """Why the operator does not want it, and the mend."""
    for problem in misspelt(wishes):
        variable = problem.origin.rpartition(" ")[2]
        return f"{variable} cannot be read", problem.mend
    disabled = _named_by(found, DISABLE, wishes)
    if disabled:
        return (
            f"PLUGWIRE_DISABLE names {disabled!r}",
            f"take {disabled!r} out of PLUGWIRE_DISABLE",
        )
    if wishes.allow is not None and not _named_by(found, ALLOW, wishes):
        return (
            "PLUGWIRE_ALLOW does not name it",
            f"add {found.name!r} or {found.distribution!r} to PLUGWIRE_ALLOW",
        )
    return None


def _named_by(found: Found, variable: str, wishes: Wishes) -> str:
    """The word of the variable that means `found`, or ""."""
    for said, word in wishes.words():
        if said == variable and _is_named(found, word):
            return word
    return ""


def _is_named(found: Found, word: str) -> bool:
    return names(word, found.kind, found.name, found.distribution)


def _imported(found: Found) -> type[Any]:
    try:
        module, path = _parsed(found.value)
        # `import_module` is Python's own, and slow where all is there.
        __import__(module)
        target: Any = sys.modules[module]
        for attribute in path:
            target = getattr(target, attribute)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a test library's skip is no Exception
        raise _refused(
            found,
            f"the {found} cannot be imported: {_told(error)}",
            f"{_repair(found)}, or name another {found.kind}",
        ) from error
    if not isinstance(target, type):
        raise _refused(
            found,
            f"the {found} is no class: {found.value} is of type "
            f"{type(target).__name__}",
            "its author must let the entry point name the plugin's class",
        )
    return target


def _repair(found: Found) -> str:
    """How the plugin may become one that can be imported: by what its
    distribution needs and is not there, if its metadata says so."""
    wanted = [
        lack.wanted
        for copy in copies(found.distribution)[:1]
        for lack in lacking(copy.requires)
    ]
    if wanted:
        return f"pip install {' '.join(wanted)}"
    return f"repair {found.distribution}"


def _told(error: BaseException) -> str:
    """What an import raised, and where."""
    import traceback

    text, places = str(error), []
    if isinstance(error, SyntaxError) and error.filename:
        text, places = error.msg, [f"{error.filename}:{error.lineno}"]
    else:
        places = [
            f"{frame.f_code.co_filename}:{line}"
            for frame, line in traceback.walk_tb(error.__traceback__)
            if frame.f_code.co_filename != __file__
            and not frame.f_code.co_filename.startswith("<frozen ")
        ]
    where = f" ({places[-1]})" if places else ""
    return f"{type(error).__name__}: {text}{where}"


@lru_cache(maxsize=USABLE)
def _parsed(value: str) -> tuple[str, tuple[str, ...]]:
    """The module and the attributes that an entry point names."""
    match = _VALUE.match(value)
    if match is None:
        raise ImportError(f"{value!r} is no module:Class")
    return match["module"], tuple(
        filter(None, (match["path"] or "").split("."))
    )


def _refused(found: Found, text: str, mend: str) -> PluginError:
    return plugin_error(found.kind, found.name, found.distribution, text, mend)


def _missing(kind: Kind, word: str) -> PluginError:
    name, at, _ = word.partition("@")
    claims = [f for f in _scan() if f.kind == kind]
    names = {f.name for f in claims}
    if at and name in names:
        names = {f"{name}@{f.distribution}" for f in claims if f.name == name}
        mend = f"write {' or '.join(sorted(names))}"
    elif "," in name:
        mend = f"name one, {name.partition(',')[0].strip()!r} say"
    else:
        near, command = nearest(name, names), _first_party(kind, name)
        meant = f"did you mean {near!r}?" if near else ""
        mend = (
            _other_kind(kind, name, names)
            or " or ".join(filter(None, (meant, command)))
            or "install the distribution that brings it"
        )
    there = "nothing is installed of this kind"
    if names:
        there = f"installed: {', '.join(sorted(names))}"
    text = f"no {kind} named {word!r} is installed ({there})"
    return plugin_error(kind, word, "", text, mend)


def _other_kind(kind: Kind, name: str, names: Iterable[str]) -> str:
    """The mend for a name that is another kind's, or ""."""
    others = [f.kind for f in _scan() if f.name == name]
    if not others:
        return ""
    *most, last = sorted(names) or [f"the name of a {kind}"]
    choices = f"{', '.join(most)} or {last}" if most else last
    article = "an" if others[0][0] in "aeiou" else "a"
    return f"{name!r} names {article} {others[0]}: write {choices} here"


def _first_party(kind: Kind, name: str) -> str:
    """The command that may bring it, from the core's own extras: a plugin
    has its distribution's name, or is one of its kind's."""
    missing = offered() - {normal(f.distribution) for f in _scan()}
    for tail in (name, kind, f"{kind}s"):
        distribution = normal(f"plugwire-{tail}")
        if distribution in missing:
            return f"pip install {distribution}"
    return ""
