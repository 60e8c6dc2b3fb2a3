"""The public face: what it names is there, and costs nothing until used."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import plugwire

FACE = Path(plugwire.__file__)
HEAVY = (
    "asyncio",
    "dynaconf",
    "importlib_metadata",
    "msgspec",
    "pluggy",
    "psutil",
    "pydantic",
)


def heavy_after(program: str) -> str:
    """The heavy modules that a fresh interpreter holds after a program."""
    measured = {name for name in os.environ if name.startswith("COVERAGE_")}
    return subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys; {program}; "
            f"print([name for name in {HEAVY!r} if name in sys.modules])",
        ],
        capture_output=True,
        check=True,
        # Measuring coverage imports modules of its own.
        env={k: v for k, v in os.environ.items() if k not in measured},
        text=True,
    ).stdout.strip()


@pytest.mark.parametrize("name", plugwire.__all__)
def test_every_public_name_resolves(name: str) -> None:
    assert getattr(plugwire, name) is not None


def test_public_names_are_sorted_and_single() -> None:
    names = list(plugwire.__all__)
    assert names == sorted(set(names))


def test_dir_shows_the_public_names() -> None:
    assert dir(plugwire) == sorted(plugwire.__all__)


def test_type_checkers_see_the_same_names() -> None:
    """The names bound for type checkers are those that are exported."""
    block = next(
        node
        for node in ast.parse(FACE.read_text("utf-8")).body
        if isinstance(node, ast.If)
    )
    seen = {
        alias.name
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == set(plugwire.__all__) - {"__version__"}


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Sever'"):
        _ = plugwire.Sever


def test_importing_the_package_imports_nothing_heavy() -> None:
    assert heavy_after("import plugwire") == "[]"


def test_an_error_is_bound_without_anything_heavy() -> None:
    assert heavy_after("import plugwire; plugwire.PlugwireError") == "[]"


def test_rule_sees_what_is_heavy() -> None:
    assert heavy_after("import asyncio") == "['asyncio']"
