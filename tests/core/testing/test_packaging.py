"""The suite for distributions, whole."""

from __future__ import annotations

import pytest

from plugwire.testing import PackagingSuite

CHECKS = 25
"""An author's distribution is looked at from so many sides at least."""


class Unused:
    """A distribution's suite has no plugin of its own."""


def test_what_is_fit_passes_every_check(toy, verdicts) -> None:
    toy()
    ended = verdicts(PackagingSuite, Unused, distribution="plugwire-toy")
    assert set(ended.values()) == {"passed"}, ended
    assert len(ended) >= CHECKS


def test_what_is_not_installed_fails(caught) -> None:
    said = caught(
        PackagingSuite,
        Unused,
        by="test_it_is_installed",
        distribution="plugwire-nowhere",
    )
    assert "expected plugwire-nowhere to be installed" in said


def test_a_suite_without_a_distribution_fails(caught) -> None:
    said = caught(PackagingSuite, Unused, by="test_it_is_installed")
    assert "expected TestCase to name what is tested" in said


@pytest.mark.parametrize("spelling", ["Plugwire_Toy", "plugwire.toy"])
def test_a_name_may_be_spelled_in_any_way(toy, verdicts, spelling) -> None:
    toy()
    only = "test_it_is_available"
    ended = verdicts(PackagingSuite, Unused, only=only, distribution=spelling)
    assert ended == {only: "passed"}


def test_a_check_may_be_exempt(toy, verdicts) -> None:
    toy(less=["plugwire_toy/py.typed"])
    ended = verdicts(
        PackagingSuite,
        Unused,
        only="test_its_types_are_told",
        distribution="plugwire-toy",
        exempt={"test_its_types_are_told": "types come later"},
    )
    assert ended == {
        "test_its_types_are_told": "skipped: exempt: types come later"
    }
