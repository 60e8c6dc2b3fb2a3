"""Few rows in which any two values of different columns meet."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product

Pair = tuple[int, object, int, object]


def pairs_of(row: Sequence[object]) -> set[Pair]:
    """Each two of a row's values, with their columns."""
    places = combinations(range(len(row)), 2)
    return {(a, row[a], b, row[b]) for a, b in places}


def pairwise(*columns: Sequence[object]) -> list[tuple[object, ...]]:
    """Rows of one value of each column, in which every pair is.

    Greedy: the row of the product with the most pairs that are new, the
    first of them, until none is. The same columns give the same rows.
    """
    rows: list[tuple[object, ...]] = []
    every = list(product(*columns))
    missing = set().union(*map(pairs_of, every))
    while missing:
        rows.append(max(every, key=lambda row: len(pairs_of(row) & missing)))
        missing -= pairs_of(rows[-1])
    return rows
