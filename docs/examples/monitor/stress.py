"""Figures in, judgement out: pure, no clock and no machine."""

import math
from collections.abc import Mapping
from typing import NamedTuple

TIERS = ("calm", "busy", "strained", "critical")
ENTER = (0.3, 0.6, 0.85)  # the stress from which on it is busy, ...
MARGIN = 0.1  # and so far below, it is not: no flapping at the edge
MEMORY = 2.0  # seconds that it is smoothed over: a compiler is no crisis

# Figure -> where stress begins, and where it is complete, in percent. Cores
# are there to work, so all of them busy is half of it; that somebody has to
# wait for them is what pressure says.
SCALES = {
    "cpu_percent": (0.0, 200.0),
    "memory_percent": (70.0, 98.0),
    "pressure_cpu": (0.0, 80.0),
    "pressure_memory": (0.0, 25.0),
    "pressure_io": (0.0, 60.0),
}


class Stress(NamedTuple):
    """A judgement: a level from 0 to 1, and a tier that does not flap."""

    level: float = 0.0
    tier: str = TIERS[0]


def judge(
    before: Stress, figures: Mapping[str, float], elapsed: float
) -> Stress:
    """What to think of `figures`, `elapsed` seconds after `before`. One that
    is missing, since this machine cannot tell it, does not count."""
    worst = 0.0
    for name, (low, high) in SCALES.items():
        worst = max(worst, (figures.get(name, low) - low) / (high - low))
    share = 1 - math.exp(-elapsed / MEMORY)
    level = before.level + share * (min(worst, 1.0) - before.level)
    # Up at once, as far as it goes; down only with `MARGIN` to spare.
    entered = sum(level >= edge for edge in ENTER)
    held = sum(level >= edge - MARGIN for edge in ENTER)
    tier = max(entered, min(TIERS.index(before.tier), held))
    return Stress(level, TIERS[tier])
