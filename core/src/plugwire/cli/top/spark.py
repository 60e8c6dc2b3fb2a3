"""Numbers as bars of text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import islice

from plugwire.cli.top.board import WINDOW, Row

BLOCKS = " ▁▂▃▄▅▆▇█"
STEPS = len(BLOCKS) - 1
MAX_LINES = 4
"""Lines of a bar at most."""
FLOOR = 0.02
"""The least height of the scale, as a share of the largest number: what
moves by less is noise, and stays near the ground."""

_BLOCK = {
    level: BLOCKS[min(STEPS, max(0, level))]
    for level in range(-STEPS * MAX_LINES, STEPS * MAX_LINES + 1)
}


def per_column(samples: int, width: int) -> int:
    """How many of `samples` share a column: as few as let all of them be
    seen, doubling while they become more, and never so many that a full
    history leaves columns empty."""
    share, width = 1, max(1, width)
    while share * width < samples:
        share *= 2
    return max(1, min(share, WINDOW // width))


def columns(row: Row, width: int, share: int) -> list[float]:
    """The last of the row's history in at most `width` columns, each the
    mean of `share` samples: the highest of them would be at the top all the
    time for a figure that is noisy. Which samples share a column does not
    depend on when it is drawn, so that columns move and do not flicker."""
    history = row.history
    first = max(0, len(history) - share * width)
    number = row.samples - len(history) + first
    means: list[float] = []
    column, count = -1, 0
    for value in islice(history, first, None):
        if number // share != column:
            column, count = number // share, 1
            means.append(value)
        else:
            count += 1
            # Apart: the difference of two large floats may be infinite.
            means[-1] += value / count - means[-1] / count
        number += 1
    return means[-width:] if width else []


def bars(
    values: Sequence[float], low: float, high: float, lines: int
) -> list[str]:
    """`values` as `lines` of block characters, the uppermost first, on a
    scale from `low` to `high`. The lowest value still shows."""
    # Halves first: the difference of two large floats may be infinite.
    floor = FLOOR / 2 * max(abs(low), abs(high))
    span = max(high / 2 - low / 2, floor)
    steps = STEPS * lines - 1
    if not span or steps / span == math.inf:
        levels = [1] * len(values)
    else:
        base, steep = low / 2, steps / span
        levels = [1 + round((value / 2 - base) * steep) for value in values]
    return [
        "".join([_BLOCK[level - below] for level in levels])
        for below in range(STEPS * (lines - 1), -1, -STEPS)
    ]
