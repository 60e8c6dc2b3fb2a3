"""The settings of `[plugwire.compress]`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from plugwire.framing import MAX_PAYLOAD

if TYPE_CHECKING:
    from annotated_types import Ge, Le

MAX_LEVEL = 19
"""zstd has more, which take much more memory at both ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompressSettings:
    """What is compressed, and how hard; each end has its own.

    `level` is zstd's: 1 is the quickest. Frames of fewer bytes than
    `threshold` go as they are.
    """

    level: Annotated[int, Ge(1), Le(MAX_LEVEL)] = 1
    threshold: Annotated[int, Ge(0), Le(MAX_PAYLOAD)] = 512
