"""docs/hooks/index.md: what it says of a plugin's settings is so."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest

from plugwire.validation import validate_section

PAGE = "docs/hooks/index.md"
SECTIONS: tuple[dict[str, Any], ...] = (
    {"depth": 200, "seconds": "1"},
    {"dept": 7},
    {"depth": 12},
)


@pytest.fixture
def model(page, monkeypatch: pytest.MonkeyPatch) -> type:
    """The page's `Settings`, in a module as an author has them."""
    (block,) = [b for b in page(PAGE) if b.name]
    module = ModuleType(block.name.removesuffix(".py"))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(block.text, block.name, "exec"), vars(module))
    return vars(module)["Buoy"].Settings


def told(model: type, section: dict[str, Any]) -> list[str]:
    origins = dict.fromkeys(
        (f"plugwire.buoy.{key}" for key in section), "call"
    )
    value, problems = validate_section(
        model, section, "plugwire.buoy", origins
    )
    assert (value is None) == bool(problems)
    return list(map(str, problems))


def test_what_is_wrong_is_told_as_the_page_tells_it(page, model: type) -> None:
    (words,) = [b.text for b in page(PAGE) if b.language == "text"]
    said = [line for section in SECTIONS for line in told(model, section)]
    assert said == words.splitlines()


def test_an_empty_section_and_a_whole_one_will_do(model: type) -> None:
    assert told(model, {}) == []
    whole = {"depth": 12, "seconds": 1, "names": ["a"], "key_file": "/k"}
    assert told(model, whole) == []
