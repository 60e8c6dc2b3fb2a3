"""What a check is."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from plugwire.cli.doctor.check import Check, Finding, of_problem
from plugwire.errors import Problem


def broken(case):
    yield Finding(subject="a", found="b", mend="c")
    raise KeyError("x")


def test_a_check_that_fails_is_a_finding():
    check = Check("odd", "nothing is odd", broken)
    (found,) = check.findings(SimpleNamespace(debug=False))
    assert found.subject == "the check odd"
    assert found.found == "it failed: KeyError: 'x'"
    with pytest.raises(KeyError):
        check.findings(SimpleNamespace(debug=True))


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem("k", "o", "a", "b", "m"), "k (o): expected a, found b; m"),
        (Problem("k", "o", "a", "", "m"), "k (o): expected a; m"),
        (Problem("k", "o", "", "in words", "m"), "k (o): in words; m"),
        (
            Problem("k", "o", "a"),
            "k (o): expected a; plugwire config show tells where it is set",
        ),
    ],
)
def test_a_problem_is_a_finding_with_a_mend(problem, text):
    assert str(of_problem(problem)) == text
