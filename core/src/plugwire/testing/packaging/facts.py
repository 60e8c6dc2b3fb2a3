"""What the checks look at: a distribution, and what it claims."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

import pytest

from plugwire.distributions import normal, whole
from plugwire.plugins import GROUPS, Found, Kind, Loaded, installed, load
from plugwire.testing.suite import Suite

if TYPE_CHECKING:
    from plugwire.distributions import Distribution


class Claim(NamedTuple):
    """An entry point in one of plugwire's groups, as it is written."""

    kind: Kind
    name: str
    value: str

    @property
    def module(self) -> str:
        """What is imported for it."""
        return self.value.partition(":")[0].strip()

    def __str__(self) -> str:
        return f"{self.kind} {self.name!r} ({self.value})"


class Packaged(Suite):
    """What the topics have in common."""

    distribution: ClassVar[str]
    """Its name, as in `pip install NAME`."""

    @pytest.fixture
    def installed(self) -> Distribution:
        """The distribution's metadata."""
        assert hasattr(self, "distribution"), (
            f"expected {type(self).__name__} to name what is tested: "
            'distribution = "plugwire-…"'
        )
        found = whole(self.distribution)
        assert found is not None, (
            f"expected {self.distribution} to be installed where the tests "
            f"run, found nothing of that name: pip install --editable ."
        )
        return found

    @pytest.fixture
    def claims(self, installed: Distribution) -> tuple[Claim, ...]:
        """What it claims in plugwire's groups."""
        return tuple(
            Claim(GROUPS[point.group], point.name, point.value)
            for point in installed.entry_points
            if point.group in GROUPS
        )

    @pytest.fixture
    def loaded(self, claims: tuple[Claim, ...]) -> tuple[Loaded, ...]:
        """Its plugins, imported as a configuration's words are."""
        return tuple(
            load(claim.kind, f"{claim.name}@{self.distribution}")
            for claim in claims
        )

    def listed(self) -> list[Found]:
        """What plugwire lists of it."""
        own = normal(self.distribution)
        return [one for one in installed() if normal(one.distribution) == own]


def told(faults: list[str]) -> str:
    """The words of a failed check, a line each."""
    return "\n".join(faults)
