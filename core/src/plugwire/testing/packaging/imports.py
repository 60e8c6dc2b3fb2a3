"""What an import of the plugins does, seen in a fresh process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from plugwire.distributions import normal
from plugwire.plugins import installed
from plugwire.testing.packaging.children import report
from plugwire.testing.packaging.facts import Claim, Packaged, told

TOOLS = ("dynaconf", "hypothesis", "pip", "pydantic", "pytest", "setuptools")
"""What no plugin needs in order to be there: tools of tests and of
packaging, and what plugwire itself takes only when there is something to
validate, a third of a short program's start."""


class Imports(Packaged):
    """Checks of an import. It happens in the user's program, at its start,
    and may do nothing but define."""

    @pytest.fixture
    def seen(self, claims: tuple[Claim, ...]) -> Mapping[str, Any]:
        """The observations; fails where there are none."""
        found = report([claim.value for claim in claims])
        assert not found["ended"], found["ended"]
        return found

    def test_its_import_succeeds(self, seen: Mapping[str, Any]) -> None:
        """One that raises or exits stops the program that names it."""
        faults = [
            f"{value}: {target['error']}"
            for value, target in seen["targets"].items()
            if target["error"]
        ]
        assert not faults, told(faults)

    def test_each_target_is_a_class(self, seen: Mapping[str, Any]) -> None:
        """plugwire makes an instance for each door and client."""
        faults = [
            f"{value}: expected a class, found {target.get('type', 'nothing')}"
            for value, target in seen["targets"].items()
            if target.get("type") != "class"
        ]
        assert not faults, told(faults)

    def test_its_import_says_nothing(self, seen: Mapping[str, Any]) -> None:
        """Standard output is the program's, and often another's input."""
        assert not seen["said"], (
            f"expected no output of the import, found {seen['said'][:500]!r}"
        )

    def test_its_import_leaves_no_thread(
        self, seen: Mapping[str, Any]
    ) -> None:
        """The program may fork yet, and threads do not come along."""
        assert not seen["threads"], (
            f"expected no thread to be left, found {seen['threads']}; start "
            "it where a listener opens"
        )

    def test_its_import_starts_no_process(
        self, seen: Mapping[str, Any]
    ) -> None:
        """Nobody waits for such a child, or expects it."""
        assert not seen["processes"], (
            f"expected no process to be started, found {seen['processes']}"
        )

    def test_its_import_opens_no_socket(self, seen: Mapping[str, Any]) -> None:
        """Nor an event loop, which has sockets of its own: both belong to
        the connection, made when there is one."""
        made, left = seen["sockets"], seen["open_sockets"]
        assert not made, f"expected no socket to be opened, found {made}"
        assert left <= 0, f"expected no socket to be left, found {left}"

    def test_its_import_writes_no_file(self, seen: Mapping[str, Any]) -> None:
        """The user's disk may be read-only, and is not ours."""
        assert not seen["files"], (
            f"expected no file to be written, found {seen['files'][:10]}"
        )

    def test_its_import_changes_nothing(self, seen: Mapping[str, Any]) -> None:
        """Signal handlers, the environment, the locale, logging and their
        like belong to the program."""
        assert not seen["changed"], (
            "expected the process to be left as it was, found a change of "
            f"{', '.join(seen['changed'])}"
        )

    def test_it_imports_no_tools(self, seen: Mapping[str, Any]) -> None:
        """Users wait for each import, at each start of each program."""
        found = sorted({*TOOLS} & {*seen["modules"]})
        assert not found, (
            f"expected none of {', '.join(TOOLS)} to be imported, found "
            f"{', '.join(found)}; import it in the function that needs it"
        )

    def test_it_imports_no_other_plugin(
        self, claims: tuple[Claim, ...], seen: Mapping[str, Any]
    ) -> None:
        """What is not named in a configuration is not imported: others'
        plugins may be blocked, broken, or gone tomorrow."""
        own = {claim.module.partition(".")[0] for claim in claims}
        others = {
            one.value.partition(":")[0].partition(".")[0].strip()
            for one in installed()
            if normal(one.distribution) != normal(self.distribution)
        }
        found = sorted((others - own - {"plugwire"}) & {*seen["modules"]})
        assert not found, (
            f"expected no other plugin to be imported, found "
            f"{', '.join(found)}; share code in a distribution that is none"
        )
