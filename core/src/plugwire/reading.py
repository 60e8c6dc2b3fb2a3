"""Where settings stand: the file and the environment, read as they are.

dynaconf reads both, and it is used for nothing else: its loader's reading
half and its prefix filter hand over what is written. What dynaconf would do
with it afterwards never happens here: no search for files, no `.local` or
`.secrets` file, no dotenv, no environments, no merge marks, no tokens, no
guessing of types. A string that begins with `@` is a string. It is imported
when there is something to read. Safe from any thread.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from plugwire import tomlfaults
from plugwire.errors import Problem
from plugwire.settings import dotted

PREFIX = "PLUGWIRE_"
RESERVED = frozenset(
    {"PLUGWIRE_SETTINGS", "PLUGWIRE_DISABLE", "PLUGWIRE_ALLOW"}
)
"""Variables that are no settings."""
MAX_FILE_BYTES = 1 << 20
"""A settings file is some kilobytes; this keeps a wrong name harmless."""

_FILE = "plugwire.toml"
_PART = r"(?:[\w-]+|\"[^\"]*\"|'[^']*')"
_DOTTED = rf"({_PART}(?:\s*\.\s*{_PART})*)"
_HEADER = re.compile(rf"\s*\[\s*{_DOTTED}\s*\]")
_KEY = re.compile(rf"\s*{_DOTTED}\s*=")


class Unreadable(Exception):
    """What was to be read cannot be; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class File(Struct, frozen=True):
    """What stands in a settings file, and in which lines.

    `lines` maps a dotted key to its line, counted from 1; keys whose line
    is not certain are left out.
    """

    path: Path
    tables: Mapping[str, Any]
    lines: Mapping[str, int]

    def origin(self, key: str) -> str:
        """Where `key` stands: the file, and the line where it is known."""
        while key:
            if line := self.lines.get(key):
                return f"{self.path}:{line}"
            key = key.rpartition(".")[0]
        return str(self.path)


def find_file() -> Path | None:
    """The settings file that is read where none is named, or None.

    `$PLUGWIRE_SETTINGS`, else `./plugwire.toml`, else
    `$XDG_CONFIG_HOME/plugwire/plugwire.toml` (`~/.config` where that is not
    set). The first need not exist; the second may be one that `read_file`
    refuses for its owner or mode.
    """
    return _search()[0]


def read_found() -> File | None:
    """The file that `find_file` finds. Raises `Unreadable`."""
    path, guarded = _search()
    return None if path is None else read_file(path, guarded=guarded)


def read_file(path: Path, *, guarded: bool = False) -> File:
    """The tables of the TOML file `path`. Raises `Unreadable`.

    `guarded` takes it only when it is the user's own and others cannot
    write it: nobody named it, it is just there, and it says which code runs.
    """
    try:
        path = path.expanduser().absolute()
        # Opened first, so that what is judged is what is read.
        with path.open("rb") as stream:
            if guarded:
                _guard(path, os.fstat(stream.fileno()), path.lstat())
            raw = stream.read(MAX_FILE_BYTES + 1)
    except (OSError, RuntimeError, ValueError) as error:
        raise Unreadable(
            Problem(
                "plugwire",
                str(path),
                "a TOML file that can be read",
                getattr(error, "strerror", None) or str(error),
                "name another file, or mend this one",
            )
        ) from error
    if len(raw) > MAX_FILE_BYTES:
        raise _no_toml(path, f"more than {MAX_FILE_BYTES} bytes")
    try:
        text = raw.decode("utf-8-sig")
        if line := tomlfaults.long_key(text):
            why = f"a key of more than {tomlfaults.MAX_NAMES} names"
            raise _no_toml(path, why, line)
        tables = _tables(text) if text.strip() else {}
    except (ValueError, RecursionError) as error:
        line, why, mend = tomlfaults.told(error, raw)
        raise _no_toml(path, why, line, mend) from error
    return File(path, tables, MappingProxyType(_lines(text)))


def variables() -> tuple[Mapping[str, str], list[Problem]]:
    """The environment's settings, the name without `PLUGWIRE_` and the text
    as it is, and what is wrong with others."""
    found: dict[str, str] = {}
    problems: list[Problem] = []
    # By name first: an environment is large, and little of it is ours.
    for name in os.environ:
        if not name.startswith(PREFIX) or name in RESERVED:
            continue
        if name == name.upper():
            found[name] = os.environ[name]
        else:
            # dynaconf would let two that differ in case be one.
            right = name.upper()
            problems.append(
                Problem(
                    ".".join(("plugwire", *_path(right))),
                    f"environment {name}",
                    "a variable in capitals",
                    mend=f"write {right}",
                )
            )
    if not found:
        return found, problems
    try:
        named = _filter()
    except Exception as error:
        return {}, [*problems, _no_dynaconf(error)]
    return named(found), problems


def _path(variable: str) -> list[str]:
    return variable.removeprefix(PREFIX).lower().split("__")


def _tables(text: str) -> dict[str, Any]:
    try:
        loader = _loader()
    except Exception as error:
        raise Unreadable(_no_dynaconf(error)) from error
    tables: dict[str, Any] = loader.get_source_data([text]).get(text, {})
    return tables


def _filter() -> Callable[[Mapping[str, str]], Mapping[str, str]]:
    from dynaconf.strategies import filtering  # type: ignore[import-untyped]

    named: Callable[[Mapping[str, str]], Mapping[str, str]]
    named = filtering.PrefixFilter(PREFIX[:-1])
    return named


def _loader() -> Any:
    import tomllib

    from dynaconf import utils  # type: ignore[import-untyped]
    from dynaconf.loaders import base  # type: ignore[import-untyped]

    # Without extensions every source is text, so that nothing is opened or
    # looked for. `load` is where dynaconf interprets; it is never called.
    return base.BaseLoader(
        obj=utils.DynaconfDict(),
        env="_envless",
        identifier="toml",
        extensions=(),
        file_reader=tomllib.load,
        string_reader=tomllib.loads,
        opener_params={"mode": "rb"},
    )


def _no_dynaconf(error: Exception) -> Problem:
    # It reads variables of its own as it is imported, and some of them stop
    # the import. To read on without it would be to run on defaults.
    its = [n for n in os.environ if n.endswith("_FOR_DYNACONF")]
    return Problem(
        "plugwire",
        "environment " + ", ".join(sorted(its)) if its else "dynaconf",
        "a dynaconf that can be imported",
        f"{type(error).__name__}: {error}",
        "unset these variables; plugwire does not read them"
        if its
        else "install it again",
    )


def _no_toml(
    path: Path, why: str, line: int | None = None, mend: str = ""
) -> Unreadable:
    return Unreadable(
        Problem(
            "plugwire",
            f"{path}:{line}" if line else str(path),
            "a TOML file in UTF-8",
            why,
            mend or "mend it, or name another file",
        )
    )


def _search() -> tuple[Path | None, bool]:
    if named := os.environ.get("PLUGWIRE_SETTINGS"):
        return Path(named), False
    if _is_file(here := Path(_FILE)):
        return here, True
    config = os.environ.get("XDG_CONFIG_HOME", "")
    try:
        # The XDG rules have a relative path ignored.
        base = Path(config) if config[:1] == "/" else Path.home() / ".config"
    except RuntimeError:
        return None, False
    path = base / "plugwire" / _FILE
    return (path if _is_file(path) else None), False


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def _guard(path: Path, file: os.stat_result, link: os.stat_result) -> None:
    if not hasattr(os, "geteuid"):
        return
    me = os.geteuid()
    for what in (file, link):
        if what.st_uid != me:
            raise Unreadable(
                Problem(
                    "plugwire",
                    str(path),
                    "a file of the user's own",
                    f"one of uid {what.st_uid}, and this is uid {me}",
                    f"take it away, or trust it: PLUGWIRE_SETTINGS={path}",
                )
            )
    # A group of the user's number is the user's own, as useradd makes it:
    # there a file is group-writable from the start.
    others = 0o002 if file.st_gid == me else 0o022
    if file.st_mode & others:
        raise Unreadable(
            Problem(
                "plugwire",
                str(path),
                "a file that others cannot write",
                f"mode {stat.S_IMODE(file.st_mode):04o}",
                f"chmod go-w {path}",
            )
        )


def _lines(text: str) -> dict[str, int]:
    """The line of each key and table header, counted from 1.

    A line inside a text of several lines may look like a key, and a table
    in a list has no key of its own, so files with either get no numbers.
    """
    if '"""' in text or "'''" in text or re.search(r"^[ \t]*\[\[", text, re.M):
        return {}
    found: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.split("\n"), 1):
        if match := _HEADER.match(line):
            table = _below("", match[1])
            found.setdefault(table, number)
        elif match := _KEY.match(line):
            found.setdefault(_below(table, match[1]), number)
    return found


def _below(table: str, key: str) -> str:
    """The dotted `key` of `table`, spelled as `settings.dotted` does."""
    for part in re.findall(_PART, key):
        table = dotted(table, part.strip("\"'"))
    return table.removeprefix(".")
