"""What the metadata says to people and to installers."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from plugwire import __version__
from plugwire.distributions import normal
from plugwire.testing.packaging.facts import Packaged
from plugwire.versions import recommended

if TYPE_CHECKING:
    from plugwire.distributions import Distribution

README_WORDS = 20
"""A README of fewer is the heading that it began with."""
LOWER = frozenset({">=", ">", "~=", "==", "==="})
UPPER = frozenset({"<=", "<", "~=", "==", "==="})


class Metadata(Packaged):
    """Checks of the fields of core metadata."""

    def test_it_is_installed(self, installed: Distribution) -> None:
        """All else is about what users have, not about a checkout."""
        assert normal(installed.name) == normal(self.distribution)

    def test_its_version_can_be_compared(
        self, installed: Distribution
    ) -> None:
        """Installers order releases by PEP 440, and refuse the rest."""
        try:
            Version(installed.version)
        except InvalidVersion:
            raise AssertionError(
                f"expected a version such as 0.1.0, found "
                f"{installed.version!r}; see PEP 440"
            ) from None

    def test_it_has_a_summary(self, installed: Distribution) -> None:
        """One line is all that a list of packages shows."""
        assert (installed.metadata.get("Summary") or "").strip(), (
            "expected a summary, found none; write `description` under "
            "[project]"
        )

    def test_its_readme_is_its_description(
        self, installed: Distribution
    ) -> None:
        """It is the page that a stranger decides by."""
        words = _description(installed).split()
        assert len(words) >= README_WORDS, (
            f"expected a description of at least {README_WORDS} words, found "
            f'{len(words)}; write `readme = "README.md"` under [project], '
            "and what it carries, refuses and is set by into that file"
        )

    def test_its_licence_is_named(self, installed: Distribution) -> None:
        """Without one nobody may use it."""
        head = installed.metadata
        by_classifier = [
            text
            for text in head.get_all("Classifier") or ()
            if text.startswith("License ::")
        ]
        assert (
            head.get("License-Expression")
            or head.get("License")
            or by_classifier
        ), (
            "expected a licence, found none; write "
            '`license = "Apache-2.0"`, say, under [project]'
        )

    def test_its_licence_is_brought(self, installed: Distribution) -> None:
        """Most licences ask that their text goes with every copy."""
        assert installed.metadata.get_all("License-File"), (
            "expected the licence's text in the wheel, found no License-File; "
            'write `license-files = ["LICENSE"]` under [project]'
        )

    def test_it_says_which_python_it_needs(
        self, installed: Distribution
    ) -> None:
        """Else an installer gives an old Python what it cannot run."""
        text = installed.metadata.get("Requires-Python")
        assert text, (
            "expected Requires-Python, found none; write "
            '`requires-python = ">=3.11"` under [project]'
        )
        running = ".".join(map(str, sys.version_info[:3]))
        assert SpecifierSet(text).contains(running, prereleases=True), (
            f"expected Requires-Python to admit this Python {running}, "
            f"found {text!r}"
        )

    def test_it_requires_plugwire_within_bounds(
        self, installed: Distribution
    ) -> None:
        """From a lower bound to an upper one, plugwire refuses a version
        that does not fit before anything of it is imported, with the
        command that mends it; without, users get a traceback."""
        required = _on_plugwire(installed)
        signs = {s.operator for one in required for s in one.specifier}
        found = ", ".join(map(str, required)) or "no requirement"
        assert signs & LOWER, (
            f"expected a lower bound on plugwire, found {found}; {_mend()}"
        )
        assert signs & UPPER, (
            f"expected an upper bound on plugwire, found {found}; {_mend()}"
        )

    def test_it_admits_the_running_core(self, installed: Distribution) -> None:
        """What is tested with this core and excludes it cannot be used."""
        refused = [
            str(one)
            for one in _on_plugwire(installed)
            if not one.specifier.contains(__version__, prereleases=True)
        ]
        assert not refused, (
            f"expected plugwire {__version__} to be admitted, found "
            f"{', '.join(refused)}; {_mend()}"
        )

    def test_it_requires_no_place(self, installed: Distribution) -> None:
        """A folder or address of the author's is none of the user's, and
        package indexes refuse it."""
        placed = [str(one) for one in _requirements(installed) if one.url]
        assert not placed, (
            f"expected requirements by name, found {', '.join(placed)}; "
            "write names and bounds"
        )


def _description(installed: Distribution) -> str:
    """The long one, wherever the metadata's version has it."""
    head = installed.metadata
    return str(head.get("Description") or head.get_payload() or "")


def _requirements(installed: Distribution) -> list[Requirement]:
    """Those that hold for every user, without extras."""
    every = map(Requirement, installed.requires or ())
    return [
        one
        for one in every
        if one.marker is None or one.marker.evaluate({"extra": ""})
    ]


def _on_plugwire(installed: Distribution) -> list[Requirement]:
    return [
        one
        for one in _requirements(installed)
        if normal(one.name) == "plugwire"
    ]


def _mend() -> str:
    return (
        f'write "plugwire{recommended()}" into `dependencies` under [project]'
    )
