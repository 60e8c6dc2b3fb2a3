"""Checks of this Python, this machine and what is installed on it."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from plugwire import __version__
from plugwire.cli.doctor.case import Case
from plugwire.cli.doctor.check import Check, Finding, of_problem
from plugwire.distributions import Copy, copies, normal, requirements
from plugwire.errors import ConfigurationError
from plugwire.plugins import installed
from plugwire.versions import lacking

CORE = "plugwire"
SPARE_FILES = 64
"""Descriptors that a program has open beside its clients' sockets: its
listeners, its locks, its loop, its libraries and the program's own."""


def _python(case: Case) -> Iterator[Finding]:
    running = platform.python_version()
    for copy in _used(case):
        try:
            fits = SpecifierSet(copy.python).contains(running, True)
        except InvalidSpecifier:
            fits = False
        if not fits:
            yield Finding(
                subject=f"{copy.name} {copy.version}",
                found=f"it is for Python {copy.python}, and this is {running}",
                mend="install it with that Python, and run plugwire there",
            )


def _core(_case: Case) -> Iterator[Finding]:
    found = copies(CORE)
    if not found:
        yield Finding(
            subject=CORE,
            found="it runs from a folder, and is not installed: its own "
            "plugins, and what it needs, are not known",
            mend=f"pip install {CORE}",
        )
    elif found[0].version != __version__:
        yield Finding(
            subject=CORE,
            found=f"what runs is {__version__}, and what is installed in "
            f"{found[0].folder} says {found[0].version}",
            mend=f"pip install --force-reinstall {CORE}, or the editable "
            "checkout again (pip install -e)",
        )


def _dependencies(case: Case) -> Iterator[Finding]:
    for copy in _used(case):
        for lack in lacking(copy.requires):
            yield Finding(
                subject=f"{copy.name} {copy.version}",
                found=lack.found,
                mend=f"pip install {lack.wanted}",
            )


def _twice(_case: Case) -> Iterator[Finding]:
    for name in sorted({CORE, *(normal(f.distribution) for f in installed())}):
        found = copies(name)
        if len(found) > 1:
            places = ", ".join(f"{c.version} in {c.folder}" for c in found)
            yield Finding(
                subject=found[0].name,
                found=f"it is on sys.path {len(found)} times: {places}; the "
                "first one counts",
                mend=f"pip uninstall {found[0].name} until there is one, or "
                "take a folder out of PYTHONPATH",
            )


def _first_party(_case: Case) -> Iterator[Finding]:
    for text in requirements(CORE):
        offered = Requirement(text)
        if not normal(offered.name).startswith(f"{CORE}-"):
            continue
        for copy in copies(offered.name)[:1]:
            if not offered.specifier.contains(copy.version, prereleases=True):
                yield Finding(
                    subject=f"{copy.name} {copy.version}",
                    found=f"plugwire {__version__} is made for "
                    f"{offered.name}{offered.specifier}",
                    mend=f"pip install --upgrade {CORE} {offered.name}",
                )


def _open_files(case: Case) -> Iterator[Finding]:
    if sys.platform == "win32":
        return  # sockets are no files there
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    settings = case.settings
    doors = settings.doors(case.event)
    wanted = SPARE_FILES
    for door in doors:  # senders and questions have as many places each
        wanted += door.max_connections + 2 * settings.service_connections
    if soft not in (resource.RLIM_INFINITY, -1) and soft < wanted:
        yield Finding(
            subject="the limit of open files (ulimit -n)",
            found=f"{soft}, and max_connections of all doors and "
            f"service_connections need {wanted}",
            mend=f"ulimit -n {wanted} (the hard limit is {hard}), "
            f"LimitNOFILE={wanted} in a unit, or lower max_connections",
        )


def _event_loop(case: Case) -> Iterator[Finding]:
    from plugwire.loops import loop_factory

    try:
        loop_factory(case.settings)
    except ConfigurationError as error:
        yield from map(of_problem, error.problems)


def _time_zone(case: Case) -> Iterator[Finding]:
    for problem in case.problems:
        if problem.key == "plugwire.timezone":
            yield of_problem(problem)


def _used(case: Case) -> Iterator[Copy]:
    """The distributions of the core and of what the settings name."""
    names = dict.fromkeys(
        normal(found.distribution)
        for named in case.named
        for found in case.claims(named)[:1]
    )
    for name in dict.fromkeys((CORE, *names)):
        yield from copies(name)[:1]


CHECKS = (
    Check("python-version", "this Python is one that is asked for", _python),
    Check("core-version", "what runs is what is installed", _core),
    Check("dependencies", "what is needed is installed", _dependencies),
    Check("distribution-twice", "each distribution is there once", _twice),
    Check("first-party-versions", "core and plugins match", _first_party),
    Check("open-files", "enough files may be open", _open_files),
    Check("event-loop", "the event loop can be imported", _event_loop),
    Check("time-zone", "the time zone is known", _time_zone),
)
