"""Text in columns of terminal cells, in which nothing is markup."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style

DIM = Style(dim=True)
BOLD = Style(bold=True)
HEAD = Style(bold=True, dim=True)
BAD = Style.parse("bold #ff8787")
WARNING = Style.parse("bold #d7af5f")
GOOD = Style.parse("bold #87d787")


def left(text: str, width: int, style: Style | None = None) -> Segment:
    """`text` from the left in exactly `width` cells, cut with an ellipsis."""
    if cell_len(text) > width:
        text = set_cell_size(text, max(0, width - 1)) + "…"[:width]
    return Segment(set_cell_size(text, width), style)


def right(text: str, width: int, style: Style | None = None) -> Segment:
    """`text` at the right end of exactly `width` cells."""
    blanks = max(0, width - cell_len(text))
    return left(" " * blanks + text, width, style)
