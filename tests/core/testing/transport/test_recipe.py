"""The same plugin in another process."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from plugwire.memory import Memory
from plugwire.testing.transport.recipe import plugin_of, recipe


class Own(Memory):
    class Inner(Memory):
        pass


def passed_on(plugin, section=None):
    """The recipe as the other process reads it."""
    return json.loads(json.dumps(recipe(plugin, section or {})))


def test_an_installed_plugin_is_imported_by_its_name() -> None:
    assert plugin_of(passed_on(Memory)) is Memory


def test_a_tests_own_is_found_by_its_file(monkeypatch) -> None:
    made = passed_on(Own.Inner)
    made["module"] = "nobody_has_this_name"
    found = plugin_of(made)
    monkeypatch.delitem(sys.modules, "nobody_has_this_name")
    assert found.__qualname__ == "Own.Inner"
    assert found is not Own.Inner


def test_what_nobody_can_import_says_so() -> None:
    class Local(Memory):
        pass

    with pytest.raises(AssertionError, match="top of a module"):
        plugin_of(passed_on(Local))


def test_a_file_that_is_no_python_says_so() -> None:
    made = {**passed_on(Own), "module": "nobody", "file": "a.txt"}
    with pytest.raises(AssertionError, match="expected a Python file"):
        plugin_of(made)


def test_a_section_travels() -> None:
    section = {"port": 1, "host": "x", "deep": {"a": [1]}, "place": Path("p")}
    made = passed_on(Memory, section)
    assert made["section"] == {**section, "place": "p"}


def test_what_has_no_source_is_named_at_least() -> None:
    assert recipe(int, {})["file"] is None
