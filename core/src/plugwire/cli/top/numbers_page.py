"""The page of an event's values."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from plugwire.cli.top.board import Board, Row
from plugwire.cli.top.cells import BOLD, DIM, HEAD, left, right
from plugwire.cli.top.spark import bars, columns, per_column
from plugwire.cli.top.words import number, span

FIGURE = 9
"""Cells of a figure's column, the blank before it included."""
NARROW = 56
"""Cells below which MIN and MAX are left out for the history's sake."""
MAX_BAND = 4
"""Lines that a row takes at most, where there is room for it."""
PALETTE = tuple(
    Style.parse(colour)
    for colour in (
        "#5fafff", "#87d787", "#d7af5f", "#d787d7", "#5fd7d7", "#ff8787",
    )
)  # fmt: skip
"""One for each group of names, as `cpu.user` and `memory_used` tell them."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """Cells of each column (`figures` columns of figures), the samples that
    `share` a bar, lines of a row and of its chart."""

    width: int
    name: int
    figures: int
    chart: int
    share: int
    band: int
    tall: int


class Numbers:
    """Each name with its latest value, and of numbers the least and the
    greatest of the history that is drawn beside them; dim where it is old,
    or nothing is live."""

    def __init__(
        self,
        board: Callable[[], Board],
        now: Callable[[], float],
        is_live: Callable[[], bool],
    ) -> None:
        self._board = board
        self._now = now
        self._is_live = is_live
        self._rows: list[Row] = []
        self._inks: dict[str, Style] = {}
        self._layout = _Layout(0, 0, 1, 0, 1, 1, 1)
        self._longest = 0

    def fit(self, width: int, height: int) -> int:
        """Lay out the board as it is now; how many lines it takes."""
        board = self._board()
        self._rows = board.rows
        self._inks = {}
        for row in self._rows:
            ink = PALETTE[len(self._inks) % len(PALETTE)]
            self._inks.setdefault(_group(row), ink)
        wanted = max((cell_len(row.name) for row in self._rows), default=4)
        name = min(max(wanted, 4), width * 2 // 5)
        figures = 3 if width >= NARROW else 1
        chart = max(0, width - name - figures * FIGURE - 2)
        self._longest = max((len(r.history) for r in self._rows), default=0)
        band = min(MAX_BAND, height // max(1, len(self._rows)))
        # Two lines would leave no blank between the charts.
        band = band if band > 2 else 1
        self._layout = _Layout(
            width=width,
            name=name,
            figures=figures,
            chart=chart,
            share=per_column(self._longest, chart),
            band=band,
            tall=max(1, band - 1),
        )
        return len(self._rows) * band + bool(board.left_out)

    def heading(self) -> list[Segment]:
        """The names of the columns."""
        layout = self._layout
        heads = ("NOW", "MIN", "MAX")[: layout.figures]
        return [
            left("NAME", layout.name, HEAD),
            *(right(head, FIGURE, HEAD) for head in heads),
            Segment("  "),
            left(self._history(), layout.chart, HEAD),
        ]

    def _history(self) -> str:
        board = self._board()
        if self._longest < 2:
            return "HISTORY"
        chart, share = self._layout.chart, self._layout.share
        drawn = min(self._longest, share * chart)
        words = f"LAST {span(board.span(drawn))}"
        each = f", A BAR IS THE MEAN OF {share}" if share > 1 else ""
        return words + each if len(words + each) <= chart else words

    def line(self, number: int) -> list[Segment]:
        """A line of a row, or what comes after all rows."""
        layout = self._layout
        index, part = divmod(number, layout.band)
        if index >= len(self._rows):
            left_out = self._board().left_out
            words = f"{left_out} more values are not shown"
            return [left(words, layout.width, DIM)]
        row = self._rows[index]
        if part >= layout.tall:
            return []
        if not row.history:
            return self._text(row) if part == layout.tall // 2 else []
        return self._number(row, part)

    def _text(self, row: Row) -> list[Segment]:
        """A text, and how long it has been the same."""
        layout = self._layout
        room = max(0, layout.width - layout.name - 2)
        since = f"  for {span(self._now() - row.changed)}"
        size = min(cell_len(str(row.value)), room)
        return [
            *self._name(row),
            Segment("  "),
            left(str(row.value), size, BOLD + self._fade(row)),
            Segment(since if layout.chart else "", DIM),
        ]

    def _number(self, row: Row, part: int) -> list[Segment]:
        """Figures beside the chart's lowest line but in its middle."""
        layout = self._layout
        fade = self._fade(row)
        low, high = min(row.history), max(row.history)
        means = columns(row, layout.chart, layout.share)
        # Up to the highest bar, or one spike would flatten all others.
        drawn = bars(means, low, max(means, default=low), layout.tall)[part]
        chart = right(drawn, layout.chart, self._inks[_group(row)] + fade)
        if part != layout.tall // 2:
            beside = layout.name + layout.figures * FIGURE + 2
            return [Segment(" " * beside), chart]
        now, least, most = (
            value
            if isinstance(value, str)
            else number(value, whole=row.is_whole, like=max(-low, high))
            for value in (row.value, low, high)
        )
        return [
            *self._name(row),
            right(now, FIGURE, BOLD + fade),
            *(
                right(b, FIGURE, DIM)
                for b in (least, most)[: layout.figures - 1]
            ),
            Segment("  "),
            chart,
        ]

    def _name(self, row: Row) -> list[Segment]:
        group, dot, rest = row.name.partition(".")
        width, fade = self._layout.name, self._fade(row)
        if not rest:
            return [left(row.name, width, fade)]
        head = left(group + dot, min(len(group) + 1, width), DIM)
        return [head, left(rest, width - len(head.text), fade)]

    def _fade(self, row: Row) -> Style:
        fresh = self._is_live() and not self._board().is_stale(row)
        return Style.null() if fresh else DIM


def _group(row: Row) -> str:
    return re.split("[._]", row.name, maxsplit=1)[0]
