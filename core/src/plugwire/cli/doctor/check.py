"""What a check is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from msgspec import Struct

from plugwire.cli.doctor.case import Case
from plugwire.errors import Problem


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that is wrong: what `subject` it is about, what was `found`,
    and the `mend`."""

    subject: str
    found: str
    mend: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.found}; {self.mend}"


Look: TypeAlias = Callable[[Case], Iterator[Finding]]


class Check(Struct, frozen=True):
    """One question to a machine and its settings.

    `id` stays as it is from version to version: scripts name it. `about`
    says what is right when `look` finds nothing.
    """

    id: str
    about: str
    look: Look

    def findings(self, case: Case) -> tuple[Finding, ...]:
        """All that `look` finds. That it fails is a finding too: nobody
        knows then whether all is well."""
        try:
            return tuple(self.look(case))
        except Exception as error:
            found = Finding(
                subject=f"the check {self.id}",
                found=f"it failed: {type(error).__name__}: {error}",
                mend="plugwire doctor --debug shows where; report it",
            )
            if case.debug:
                raise
            return (found,)


def of_problem(problem: Problem) -> Finding:
    """A finding about a setting."""
    expected = f"expected {problem.expected}" if problem.expected else ""
    found = f"found {problem.found}" if expected else problem.found
    return Finding(
        subject=f"{problem.key} ({problem.origin})",
        found=", ".join(
            filter(None, (expected, found if problem.found else ""))
        ),
        mend=problem.mend or "plugwire config show tells where it is set",
    )
