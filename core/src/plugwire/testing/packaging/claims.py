"""Entry points: the names that the distribution claims."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from plugwire.plugins import GROUPS, bad_name
from plugwire.testing.packaging.facts import Claim, Packaged, told

if TYPE_CHECKING:
    from plugwire.distributions import Distribution


class Claims(Packaged):
    """Checks of the names, without an import."""

    def test_it_claims_a_name(
        self, installed: Distribution, claims: tuple[Claim, ...]
    ) -> None:
        """A plugin without an entry point can be named by nobody."""
        groups = ", ".join(GROUPS)
        found = sorted({point.group for point in installed.entry_points})
        assert claims, (
            f"expected an entry point in one of {groups}, found groups "
            f"{', '.join(found) or 'none'}"
        )

    def test_its_groups_are_plugwires(self, installed: Distribution) -> None:
        """One in `plugwire.codec` is in a group that nobody reads."""
        strange = sorted(
            {
                point.group
                for point in installed.entry_points
                if point.group.startswith("plugwire.")
            }
            - {*GROUPS}
        )
        assert not strange, (
            f"expected groups of {', '.join(GROUPS)}; found "
            f"{', '.join(strange)}, which plugwire does not read"
        )

    def test_its_names_are_legal(self, claims: tuple[Claim, ...]) -> None:
        """A name is a word of the configuration, a section, and a part of
        variables of the environment."""
        faults = [
            f"{claim}: {why}"
            for claim in claims
            if (why := bad_name(claim[1]))
        ]
        assert not faults, told(faults)

    def test_no_name_is_claimed_twice(self, claims: tuple[Claim, ...]) -> None:
        """Users of both would have to write `name@distribution`."""
        keys = [(claim.kind, claim.name) for claim in claims]
        faults = [
            f"{kind} {name!r} is claimed {keys.count((kind, name))} times"
            for kind, name in sorted(set(keys))
            if keys.count((kind, name)) > 1
        ]
        faults += [
            f"{one}: {one.why}"
            for one in self.listed()
            if one.state == "doubled"
        ]
        assert not faults, told(faults)

    def test_each_entry_point_names_a_class(
        self, claims: tuple[Claim, ...]
    ) -> None:
        """`module:Class` is what plugwire imports, no module, no call."""
        faults = [
            f"{claim}: expected `module:Class`, found {claim.value!r}"
            for claim in claims
            if not claim.value.partition(":")[2].strip()
        ]
        assert not faults, told(faults)

    def test_its_types_are_told(self, claims: tuple[Claim, ...]) -> None:
        """Without `py.typed` a type checker takes all of it for Any."""
        faults = []
        for top in sorted({c.module.partition(".")[0] for c in claims}):
            spec = importlib.util.find_spec(top)
            places = list((spec and spec.submodule_search_locations) or ())
            if not any(Path(place, "py.typed").is_file() for place in places):
                faults.append(
                    f"expected {top} to be a package with an empty file "
                    f"py.typed, found none in {places or 'no package'}"
                )
        assert not faults, told(faults)

    def test_it_is_available(self, claims: tuple[Claim, ...]) -> None:
        """`plugwire plugins` says so, from metadata alone."""
        states = {(one.kind, one.name): one for one in self.listed()}
        faults = []
        for claim in claims:
            one = states.get((claim.kind, claim.name))
            if one is None:
                faults.append(f"{claim} is not listed")
            elif one.state != "available":
                faults.append(f"{claim} is {one.state}: {one.why}")
        assert not faults, told(faults)
