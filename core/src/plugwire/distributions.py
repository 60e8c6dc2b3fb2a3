"""What is installed: the entry points of plugwire's groups, and their
distributions' names, versions and requirements.

importlib-metadata knows every way of installing, and takes some 25 ms to
import, with the parser of e-mail that reads a distribution's facts: more
than all the rest of a short program. Where `sys.path` is what it nearly
always is, folders of `*.dist-info`, the few lines that matter are read here,
with the same result; anything else is left to importlib-metadata. Safe from
any thread.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from importlib_metadata import Distribution as Distribution

_Info = TypeVar("_Info")
GROUP_PREFIX = "plugwire."
"""What the names of entry-point groups begin with, if they are ours."""
_ORDINARY = frozenset({"_frozen_importlib_external", "importlib_metadata"})
"""Modules whose finders look for distributions in the folders of sys.path."""


class Entry(NamedTuple):
    """An entry point; `requires` is all that its distribution says there,
    `place` where it says so, "" where that is no file."""

    group: str
    name: str
    value: str
    distribution: str
    version: str
    requires: tuple[str, ...]
    place: str = ""


def entries() -> list[Entry]:
    """The entry points of all groups that begin with `plugwire.`.

    Of two distributions whose files have one name the first on `sys.path`
    counts, as for an import, and of two in one folder, which an upgrade
    leaves that was cut off, that whose file's name sorts last, however the
    folder is listed. One that calls itself as another, in a file of another
    name, hides it from nobody: both are told. A folder without metadata is
    not installed, which pip says too; a file that cannot be read hides no
    other.
    """
    plain = _in_folders()
    return _by_library() if plain is None else plain


def namesakes(found: Iterable[Entry]) -> dict[str, tuple[str, ...]]:
    """By its name, where each distribution of several says what it is that
    go by one: whatever is named by it, in a setting or by the operator,
    might be any of them."""
    places: dict[str, list[str]] = {}
    for entry in found:
        known = places.setdefault(normal(entry.distribution), [])
        if entry.place not in known:
            known.append(entry.place)
    return {
        name: tuple(known) for name, known in places.items() if len(known) > 1
    }


def requirements(distribution: str) -> list[str]:
    """The Requires-Dist of `distribution`; none if it is not installed."""
    from importlib_metadata import PackageNotFoundError, requires

    with suppress(PackageNotFoundError):
        return requires(distribution) or []
    return []


class Copy(NamedTuple):
    """A distribution in one folder of sys.path; `python` is the version of
    Python that it asks for, "" for any."""

    name: str
    version: str
    folder: str
    requires: tuple[str, ...]
    python: str


def copies(distribution: str) -> list[Copy]:
    """`distribution` in each folder of sys.path that has it, in that order:
    the first one counts. What is garbled is left out."""
    import importlib_metadata

    found: dict[str, Copy] = {}
    for one in importlib_metadata.distributions(name=distribution):
        # Anything may be raised for metadata that is garbled.
        with suppress(Exception):
            folder = os.path.realpath(str(one.locate_file("")))
            copy = Copy(
                one.name,
                one.version,
                folder,
                tuple(one.requires or ()),
                one.metadata.get("Requires-Python") or "",
            )
            found.setdefault(folder, copy)
    return list(found.values())


def whole(distribution: str) -> Distribution | None:
    """All that is known of `distribution`; None if it is not installed."""
    import importlib_metadata

    try:
        found: Distribution = importlib_metadata.Distribution.from_name(
            distribution
        )
    except importlib_metadata.PackageNotFoundError:
        return None
    return found


def normal(distribution: str) -> str:
    """The one spelling of a distribution's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", distribution.strip()).lower()


# ----------------------------------------------------------- in folders


def _in_folders() -> list[Entry] | None:
    """What folders of dist-info say; None where there is anything else."""
    if any(
        hasattr(finder, "find_distributions")
        and getattr(finder, "__module__", "") not in _ORDINARY
        for finder in sys.meta_path
    ):
        return None
    seen: set[str] = set()
    found: list[Entry] = []
    places: Iterable[object] = sys.path
    for root in places:
        if not isinstance(root, str):
            continue  # as an import does: programs put anything there
        try:
            children = os.listdir(root or ".")
        except OSError:
            if os.path.isfile(root):
                return None  # a zip file, perhaps
            continue
        if root.endswith(".egg"):
            return None
        infos = (".dist-info", ".egg-info")
        ours = [c for c in children if c.lower().endswith(infos)]
        for child in sorted(ours, reverse=True):
            name = _file_name(child)
            if name in seen:
                continue
            place = os.path.join(root, child)
            points = _text(place, "entry_points.txt")
            if GROUP_PREFIX not in points:
                if _is_installed(place):
                    seen.add(name)
            elif child.lower().endswith(".egg-info"):
                return None
            elif metadata := _text(place, "METADATA"):
                seen.add(name)
                with suppress(KeyError, ValueError):
                    found += _entries(points, metadata, place)
    return found


def _file_name(file: str) -> str:
    """The name of a distribution, as its file or folder has it."""
    return normal(file.rpartition(".")[0].partition("-")[0])


def _is_installed(place: str) -> bool:
    return any(
        os.path.exists(path)
        for path in (
            os.path.join(place, "METADATA"),
            os.path.join(place, "PKG-INFO"),
        )
    ) or os.path.isfile(place)


def _text(place: str, name: str) -> str:
    """The file's text; "" if there is none that can be read."""
    path = os.path.join(place, name)
    try:
        # What is no UTF-8 is replaced: half a surrogate could be told in no
        # list of what is installed.
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def _entries(points: str, metadata: str, place: str) -> list[Entry]:
    """Raises `ValueError` for a garbled file, `KeyError` for facts that are
    missing."""
    name, version, requires = _facts(metadata)
    where = os.path.abspath(place)
    return [
        Entry(group, own, value, name, version, requires, where)
        for group, own, value in _points(points)
        if group.startswith(GROUP_PREFIX)
    ]


def _points(text: str) -> Iterator[tuple[str, str, str]]:
    """Group, name and value of each line of an entry_points.txt."""
    group: str | None = None
    for line in map(str.strip, text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            group = line.strip("[]")
        elif line and group is not None and not line.startswith("#"):
            name, value = line.split("=", 1)
            yield group, name.strip(), value.strip()


def _facts(metadata: str) -> tuple[str, str, tuple[str, ...]]:
    """Name, version and Requires-Dist: headers of core metadata, which end
    at the first empty line, and go on in lines that begin with a blank."""
    facts: dict[str, list[str]] = {}
    values: list[str] = []
    for line in metadata.splitlines():
        if not line:
            break
        if line[0] in " \t":
            if values:
                values[-1] += f"\n{line}"
            continue
        key, _, value = line.partition(":")
        values = facts.setdefault(key.lower(), [])
        values.append(value.strip())
    (name, *_), (version, *_) = facts["name"], facts["version"]
    if not name:
        raise KeyError("name")
    return name, version, tuple(facts.get("requires-dist", ()))


# --------------------------------------------------- anywhere else


def _by_library() -> list[Entry]:
    import importlib_metadata

    seen: set[str] = set()
    found: list[Entry] = []
    for distribution in _in_order(importlib_metadata.distributions()):
        # What is garbled hides no other: anything may be raised for it.
        with suppress(Exception):
            name = distribution.name
            place = str(getattr(distribution, "_path", ""))
            where = place and os.path.abspath(place)
            own = _file_name(os.path.basename(where)) or normal(name or "")
            if not name or own in seen:
                continue
            seen.add(own)
            version = distribution.version
            requires = tuple(distribution.requires or ())
            found += [
                Entry(
                    point.group,
                    point.name,
                    point.value,
                    name,
                    version,
                    requires,
                    where,
                )
                for point in distribution.entry_points
                if point.group.startswith(GROUP_PREFIX)
            ]
    return found


def _in_order(found: Iterable[_Info]) -> list[_Info]:
    """The folders in their order, and what is in one as `entries` says."""
    folders: dict[str, int] = {}

    def place(one: _Info) -> tuple[int, str]:
        folder, _, name = str(getattr(one, "_path", "")).rpartition(os.sep)
        return -folders.setdefault(folder, len(folders)), name

    return sorted(found, key=place, reverse=True)
