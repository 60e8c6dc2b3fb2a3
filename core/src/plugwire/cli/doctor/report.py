"""What the doctor says, for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import asdict

from plugwire.cli.doctor.case import Case
from plugwire.cli.doctor.check import Check, Finding
from plugwire.cli.output import printable
from plugwire.errors import MOST_TOLD

Findings = Mapping[Check, Sequence[Finding]]


def document(case: Case, found: Findings) -> dict[str, Any]:
    """One object: whether all is well, each check, and how long each plugin
    took to import, in seconds."""
    return {
        "well": not any(found.values()),
        "checks": [
            {
                "id": check.id,
                "about": check.about,
                "findings": [asdict(finding) for finding in findings],
            }
            for check, findings in found.items()
        ],
        "imports": [
            {
                "kind": named.kind,
                "name": named.word,
                "seconds": case.imported(named).told.seconds,
            }
            for named in case.usable
        ],
    }


def words(case: Case, found: Findings) -> str:
    """A line a check, and below it what it found, each with its mend."""
    lines = []
    width = max(len(check.id) for check in found)
    for check, findings in found.items():
        verdict = "WRONG" if findings else "ok"
        lines.append(f"{verdict:<5}  {check.id:<{width}}  {check.about}")
        for finding in findings[:MOST_TOLD]:
            # In one line each: what a plugin raised may look like others.
            lines += [
                f"       {printable(f'{finding.subject:.200}')}: "
                f"{printable(finding.found)}",
                f"       mend: {printable(finding.mend)}",
            ]
        if (more := len(findings) - MOST_TOLD) > 0:
            lines.append(f"       and {more} more, which --json lists")
    times = [
        f"{named.kind} {named.word} "
        f"{1000 * case.imported(named).told.seconds:.0f} ms"
        for named in case.usable
        if case.imported(named).well
    ]
    if times:
        lines.append(f"imported in {', '.join(times)}")
    wrong = sum(map(len, found.values()))
    lines.append(f"{wrong} found" if wrong else "all is well")
    return "\n".join(lines)
