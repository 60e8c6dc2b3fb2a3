"""A cover of pairs: whole, and small."""

from __future__ import annotations

import importlib.util
from itertools import product
from math import prod
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

# nox imports it from this folder, which is no package.
_spec = importlib.util.spec_from_file_location(
    "pairwise", Path(__file__).with_name("pairwise.py")
)
assert _spec is not None
assert _spec.loader is not None
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
pairwise, pairs_of = _module.pairwise, _module.pairs_of

COLUMNS = st.lists(
    st.lists(st.integers(0, 9), min_size=1, max_size=4, unique=True),
    min_size=2,
    max_size=4,
)


@given(COLUMNS)
def test_every_pair_is_in_a_row_and_no_row_is_for_nothing(
    columns: list[list[int]],
) -> None:
    rows = pairwise(*columns)
    every = set(product(*columns))
    assert set(rows) <= every
    wanted = set().union(*map(pairs_of, every))
    assert set().union(*map(pairs_of, rows)) == wanted
    for number in range(len(rows)):
        before = rows[:number]
        known = set().union(*map(pairs_of, before))
        assert pairs_of(rows[number]) - known


@given(COLUMNS)
def test_it_is_never_more_than_the_product_and_is_the_same_each_time(
    columns: list[list[int]],
) -> None:
    rows = pairwise(*columns)
    assert len(rows) <= prod(map(len, columns))
    assert rows == pairwise(*columns)


def test_the_matrix_is_a_sixth_of_the_whole() -> None:
    columns = ["3.11", "3.12", "3.13"], "utm", "pjs", ["lowest", "highest"]
    assert len(pairwise(*columns)) == 9
