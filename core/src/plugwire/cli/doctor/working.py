"""Checks of the plugins that the settings name, at work in children."""

from __future__ import annotations

from collections.abc import Iterator

from plugwire import doorsfile
from plugwire.cli.doctor.case import Case
from plugwire.cli.doctor.check import Check, Finding, of_problem
from plugwire.errors import PlugwireError

_FOLDER = "plugwire.socket_dir"


def _imports(case: Case) -> Iterator[Finding]:
    for named in case.usable:
        answer = case.imported(named)
        if answer.ended:
            (found,) = case.claims(named)[:1]
            yield Finding(
                subject=str(named),
                found=f"the {found} cannot be imported: {answer.ended}",
                mend=f"repair {found.distribution}, or name another "
                f"{found.kind}",
            )
        for problem in answer.told.problems:
            yield Finding(
                subject=str(named), found=problem.found, mend=problem.mend
            )


def _quiet(case: Case) -> Iterator[Finding]:
    for named in case.usable:
        answer = case.imported(named)
        (found,) = case.claims(named)[:1]
        does = []
        if answer.printed:
            does.append(f"it prints {answer.printed!r:.60}")
        if answer.told.threads:
            listed = ", ".join(answer.told.threads)
            does.append(f"it starts threads ({listed})")
        if does:
            yield Finding(
                subject=str(named),
                found=f"the {found} does more than be imported: "
                f"{' and '.join(does)}",
                mend="its author must take that out of the module's level",
            )


def _pipelines(case: Case) -> Iterator[Finding]:
    composed = case.composed
    if composed is None:
        return
    if composed.ended:
        yield Finding(
            subject="the pipelines",
            found=f"they were not composed: {composed.ended}",
            mend="plugwire config check --debug; name other plugins",
        )
    for problem in composed.told.problems:
        if problem.key != _FOLDER:
            yield of_problem(problem)


def _path(case: Case) -> Iterator[Finding]:
    if case.composed is not None:
        for problem in case.composed.told.problems:
            if problem.key == _FOLDER:
                yield of_problem(problem)


def _doors(case: Case) -> Iterator[Finding]:
    if case.composed is None:
        return
    own = set(_served(case))
    for failed in case.composed.told.doors:
        if failed.address in own:
            continue  # a server of ours has it, which is as it should be
        why, _, mend = failed.why.partition("; ")
        yield Finding(
            subject=f"door {failed.where}",
            found=why,
            mend=mend or "plugwire serve --debug shows more",
        )


def _gates(case: Case) -> Iterator[Finding]:
    if case.composed is None:
        return
    for failed in case.composed.told.gates:
        why, _, mend = failed.why.partition("; ")
        yield Finding(
            subject=f"the gate {failed.where}",
            found=why,
            mend=mend or "plugwire serve --debug shows more",
        )


def _served(case: Case) -> Iterator[str]:
    """The addresses of all doors that are served in this folder."""
    try:
        events = doorsfile.served(case.folder)
    except PlugwireError:
        return  # the check of the folder says so
    for event in events:
        for entry in doorsfile.read(case.folder, event):
            yield entry.address


CHECKS = (
    Check("plugin-import", "the plugins can be imported", _imports),
    Check("plugin-import-effects", "and do nothing beside", _quiet),
    Check("pipelines", "servers and clients can be composed", _pipelines),
    Check("socket-path", "the paths of sockets are not too long", _path),
    Check("doors-open", "the doors find a free address", _doors),
    Check("gates-ready", "the gates have what they need", _gates),
)
