"""The settings of `[plugwire.metrics]`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

if TYPE_CHECKING:
    from annotated_types import Ge, Le


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsSettings:
    """How much is measured; counting is always on.

    `latency_per_second` is how often a door, or a client, records a latency
    at most; 0 is never. Each costs the SDK some ten microseconds, where a
    message takes two.
    """

    latency_per_second: Annotated[int, Ge(0), Le(1_000_000)] = 100
