"""Checks of the settings, wherever they stand."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

from plugwire.cli.doctor.case import Case
from plugwire.cli.doctor.check import Check, Finding, of_problem
from plugwire.errors import Problem
from plugwire.plugins import unmet_wishes
from plugwire.reading import Unreadable, read_file


def _found(case: Case) -> Iterator[Finding]:
    path = case.file
    if path is None:
        return
    try:
        with path.open("rb"):
            return
    except OSError as error:
        yield Finding(
            subject=f"the settings file {path}",
            found=f"it cannot be read: {error.strerror or error}",
            mend=f"name another one ({_names(case)}), or mend this one",
        )


def _private(case: Case) -> Iterator[Finding]:
    path = case.file
    status = _status(path)
    if path is None or status is None or _garbled(path) is not None:
        return
    for problem in case.problems:
        if _is_about(path, problem):  # as nobody named it, it was not read
            yield of_problem(problem)
            return
    if not hasattr(os, "geteuid"):
        return
    # Root may write everything anyhow, and /etc is root's.
    if status.st_uid not in (0, os.geteuid()):
        yield Finding(
            subject=f"the settings file {path}",
            found=f"it belongs to uid {status.st_uid}, and this is uid "
            f"{os.geteuid()}: it says which code runs",
            mend="name a file of your own, a copy of it perhaps",
        )
    # A group of the user's number is the user's own.
    others = 0o002 if status.st_gid == os.geteuid() else 0o022
    if status.st_mode & others:
        yield Finding(
            subject=f"the settings file {path}",
            found=f"others can write it (mode "
            f"{stat.S_IMODE(status.st_mode):04o}): it says which code runs",
            mend=f"chmod go-w {shlex.quote(str(path))}",
        )


def _toml(case: Case) -> Iterator[Finding]:
    if case.file is not None and _status(case.file) is not None:
        problem = _garbled(case.file)
        if problem is not None and os.access(case.file, os.R_OK):
            yield of_problem(problem)


def _variables(case: Case) -> Iterator[Finding]:
    for problem in case.problems:
        if problem.origin.startswith("environment "):
            yield of_problem(problem)
    for wish in unmet_wishes():
        yield Finding(
            subject=f"{wish.variable} ({wish.word})",
            found=wish.found,
            mend=wish.mend,
        )


def _settings(case: Case) -> Iterator[Finding]:
    garbled = None if case.file is None else _garbled(case.file)
    for problem in case.problems:
        told_elsewhere = (
            problem.origin.startswith("environment ")
            or problem.key == "plugwire.timezone"
            or _is_about(case.file, problem)
            or problem == garbled
        )
        if not told_elsewhere:
            yield of_problem(problem)


def _is_about(path: Path | None, problem: Problem) -> bool:
    """Whether the problem is the file itself, and nothing that is in it."""
    return (problem.key, problem.origin) == ("plugwire", str(path))


def _garbled(path: Path) -> Problem | None:
    """Why the file cannot be read, whoever owns it."""
    try:
        read_file(path)
    except Unreadable as error:
        return error.problem
    return None


def _names(case: Case) -> str:
    return "--config" if case.config else "PLUGWIRE_SETTINGS"


def _status(path: Path | None) -> os.stat_result | None:
    try:
        return path.stat() if path else None
    except OSError:
        return None


CHECKS = (
    Check("settings-file", "the settings file can be read", _found),
    Check("settings-file-owner", "nobody else can write it", _private),
    Check("settings-file-toml", "it is TOML in UTF-8", _toml),
    Check("variables", "each PLUGWIRE_ variable is a setting", _variables),
    Check("settings", "all keys are known, all values right", _settings),
)
