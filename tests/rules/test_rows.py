"""Each requirement that this version must show has a test named after it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
ROWS = (
    *(f"a{number}" for number in range(1, 13)),
    *(f"b{number}" for number in range(1, 18)),
    *(f"c{number}" for number in range(1, 8)),
    *(f"d{number}" for number in (1, 2, 3, 4, 6)),
)
NAMED = re.compile(r"test_([a-d]\d+)_\w")


def shown(sources: Iterable[str]) -> set[str]:
    """The rows that test functions are named after."""
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    return {
        match.group(1)
        for source in sources
        for node in ast.walk(ast.parse(source))
        if isinstance(node, functions) and (match := NAMED.match(node.name))
    }


@pytest.fixture(scope="module")
def rows() -> set[str]:
    return shown(
        path.read_text("utf-8") for path in sorted(TESTS.rglob("test_*.py"))
    )


@pytest.mark.parametrize("row", ROWS)
def test_row_is_shown(row: str, rows: set[str]) -> None:
    assert row in rows


def test_no_test_is_named_after_a_row_that_is_not(rows: set[str]) -> None:
    assert rows <= {*ROWS, "d5"}


def test_rule_reads_functions_and_nothing_else() -> None:
    source = (
        "def test_a1_socket(): ...\n"
        "class TestMore:\n    async def test_b17_logs(self): ...\n"
        "TEXT = 'def test_c1_push(): ...'\n"
        "# def test_c2_has_clients(): ...\n"
        "def test_d1(): ...\n"
        "def test_a12x_crowd(): ...\n"
    )
    assert shown([source]) == {"a1", "b17"}
