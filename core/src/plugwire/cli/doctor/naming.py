"""Checks of the plugins that the settings name, before any import."""

from __future__ import annotations

from collections.abc import Iterator

from plugwire.chosen import DEFAULT, PROPOSED
from plugwire.cli.doctor.case import Case, Named
from plugwire.cli.doctor.check import Check, Finding, Look


def _is_default(named: Named) -> bool:
    return named.where.origin in (DEFAULT, PROPOSED)


def _missing(*, default: bool) -> Look:
    def look(case: Case) -> Iterator[Finding]:
        for named in case.named:
            if _is_default(named) is default:
                yield from _told(case, named, "missing")

    return look


def _in_state(state: str) -> Look:
    def look(case: Case) -> Iterator[Finding]:
        for named in case.named:
            yield from _told(case, named, state)

    return look


def _told(case: Case, named: Named, state: str) -> Iterator[Finding]:
    problem = case.refusal(named)
    if problem in case.problems:
        return  # a variable that shuts everything out, told as such
    if problem is not None and case.state(named) == state:
        yield Finding(
            subject=str(named), found=problem.found, mend=problem.mend
        )


CHECKS = (
    Check(
        "plugin-installed",
        "the plugins that are named are installed",
        _missing(default=False),
    ),
    Check(
        "default-plugins",
        "the plugins that are the default are installed",
        _missing(default=True),
    ),
    Check("plugin-doubled", "no name is doubled", _in_state("doubled")),
    Check("plugin-blocked", "none of them is blocked", _in_state("blocked")),
    Check(
        "plugin-compatible",
        "they are for this version of plugwire",
        _in_state("incompatible"),
    ),
    Check("plugin-name", "their names are names", _in_state("badly named")),
)
