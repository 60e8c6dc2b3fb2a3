"""docs/reference.md is what is public: nobody outside core needs more."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import plugwire

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference.md"
ENTRY = re.compile(r"^::: (\S+)\n((?:    .*\n)*)", re.MULTILINE)
MEMBERS = re.compile(r"members: \[(.*?)\]")
OUTSIDERS = (
    "plugins/*/src/**/*.py",
    "tests/fixtures/third_party/*/*.py",
    "docs/examples/**/*.py",
)
PAGES = ("docs/writing-a-plugin.md", "docs/hooks/*.md")


def public() -> tuple[set[str], set[str]]:
    """The names on the page, and the modules of which all is public."""
    names = {f"plugwire.{name}" for name in plugwire.__all__}
    whole = set()
    for entry, options in ENTRY.findall(PAGE.read_text("utf-8")):
        members = MEMBERS.search(options)
        try:
            import_module(entry)
        except ModuleNotFoundError:
            names.add(entry)
            continue
        if members is None:
            whole.add(entry)
        else:
            names |= {f"{entry}.{name}" for name in members[1].split(", ")}
    for module in ("plugwire.sync", "plugwire.testing"):
        names |= {f"{module}.{n}" for n in import_module(module).__all__}
    return names, whole


def imported(source: str) -> Iterator[str]:
    """What a source imports of plugwire, one name each."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{a.name}" for a in node.names)


def unknown(source: str) -> list[str]:
    names, whole = public()
    return [
        name
        for name in imported(source)
        if name.startswith("plugwire.")
        and name not in names | whole
        and name.rpartition(".")[0] not in whole
    ]


FILES = sorted(path for glob in OUTSIDERS for path in ROOT.glob(glob))


@pytest.mark.parametrize(
    "path", FILES, ids=[str(path.relative_to(ROOT)) for path in FILES]
)
def test_what_plugins_and_programs_import_is_public(path: Path) -> None:
    assert unknown(path.read_text("utf-8")) == []


@pytest.mark.parametrize("glob", PAGES)
def test_what_the_pages_import_is_public(glob: str, page) -> None:
    for path in ROOT.glob(glob):
        for block in page(str(path.relative_to(ROOT))):
            if block.language == "python":
                assert unknown(block.text) == [], path


def test_the_promise_names_the_authors_modules() -> None:
    """docs/spi-changes.md has those that the reference has for authors."""
    text = (ROOT / "docs" / "spi-changes.md").read_text("utf-8")
    (_, authors) = PAGE.read_text("utf-8").split("hand over\n", 1)
    told = re.search(r"for authors \((.*?)\)", text, re.DOTALL)
    assert told is not None
    listed = {entry.split(".")[1] for entry, _ in ENTRY.findall(authors)}
    assert set(re.findall(r"`(\w+)`", told[1])) == listed - {"interfaces"}


def test_rule_sees_what_is_not_public() -> None:
    source = "from plugwire import hookimpl\nfrom plugwire.outbox import Lane"
    assert unknown(source) == ["plugwire.outbox.Lane"]
