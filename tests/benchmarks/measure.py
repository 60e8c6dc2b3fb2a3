"""Medians, ratios within one run, and how far they can be trusted."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

DRAWS = 1000
CONFIDENCE = 0.95


def percentile(values: Sequence[float], part: float) -> float:
    """The value that `part` per cent of `values` do not exceed."""
    ordered = sorted(values)
    at = max(0, math.ceil(len(ordered) * part / 100) - 1)
    return ordered[at]


@dataclass(frozen=True, slots=True)
class Summary:
    """A median, its least and largest value, and the interval that holds it
    in 95 of 100 resamplings."""

    middle: float
    least: float
    most: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Summary:
        # The same figures give the same interval, on every machine.
        draw = random.Random(len(values))
        middles = sorted(
            median(draw.choices(values, k=len(values))) for _ in range(DRAWS)
        )
        edge = int(DRAWS * (1 - CONFIDENCE) / 2)
        return cls(
            median(values),
            min(values),
            max(values),
            middles[edge],
            middles[-1 - edge],
            len(values),
        )


def ratio(above: dict[int, float], below: dict[int, float]) -> Summary | None:
    """`above` over `below`, round by round: what ran side by side is
    compared, so that a slow phase of the machine cancels out."""
    rounds = sorted(above.keys() & below.keys())
    values = [above[at] / below[at] for at in rounds if below[at]]
    return Summary.of(values) if values else None
