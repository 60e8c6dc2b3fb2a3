"""The page of a server's clients."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import wrap

from rich.segment import Segment
from rich.style import Style

from plugwire.cli.output import printable
from plugwire.cli.top.cells import BAD, BOLD, DIM, HEAD, WARNING, left, right
from plugwire.cli.top.roll import Fellow, Roll
from plugwire.cli.top.words import many, moment

HEADS = (
    "ID", "DOOR", "PEER", "SESSION", "SINCE", "QUEUED", "SENT", "RECEIVED",
    "DROPPED",
)  # fmt: skip
TEXTS = frozenset({"DOOR", "PEER", "SESSION", "SINCE"})
"""Columns that begin at the left; figures end at the right."""
LEAST = 8
"""Cells that a column of text keeps where room is short."""


class Clients:
    """Who is connected, with what waits for each and what each has lost;
    `ours` is the id of this very program."""

    def __init__(
        self,
        roll: Callable[[], Roll],
        ours: Callable[[], int | None],
        wall: Callable[[], float],
    ) -> None:
        self._roll = roll
        self._ours = ours
        self._wall = wall
        self._words: list[tuple[str, Style]] = []
        self._cells: list[tuple[str, ...]] = []
        self._widths: list[int] = []
        self._gap = 2
        self._width = 0

    def fit(self, width: int, height: int) -> int:  # noqa: ARG002
        """Lay out the roll as it is now; how many lines it takes."""
        now = self._wall()
        self._width = width
        roll = self._roll()
        self._cells = [_cells(one, now) for one in roll.fellows]
        self._words = [(part, BAD) for part in wrap(roll.trouble, width or 1)]
        self._words += [(words, DIM) for words in _summary(roll)]
        self._fit_columns(width)
        return len(self._cells) + len(self._words)

    def _fit_columns(self, width: int) -> None:
        """Columns as wide as what is in them; where that is too much, first
        the gaps shrink, then the texts."""
        table = [HEADS, *self._cells]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        gaps = len(widths) - 1
        self._gap = 2 if sum(widths) + 2 * gaps <= width else 1
        for head in ("SESSION", "PEER", "DOOR"):
            index = HEADS.index(head)
            over = sum(widths) + self._gap * gaps - width
            least = min(widths[index], LEAST)
            widths[index] = max(least, widths[index] - max(0, over))
        self._widths = widths

    def heading(self) -> list[Segment]:
        """The names of the columns."""
        return self._row(HEADS, [HEAD] * len(HEADS))

    def line(self, number: int) -> list[Segment]:
        """A client, or what comes after all of them."""
        if number >= len(self._cells):
            words, style = self._words[number - len(self._cells)]
            return [left(words, self._width, style)]
        fellow = self._roll().fellows[number]
        plain = BOLD if fellow.id == self._ours() else Style.null()
        styles = [plain] * len(HEADS)
        if fellow.queued:
            styles[HEADS.index("QUEUED")] = WARNING
        if fellow.dropped:
            styles[HEADS.index("DROPPED")] = BAD
        return self._row(self._cells[number], styles)

    def _row(
        self, cells: tuple[str, ...], styles: list[Style]
    ) -> list[Segment]:
        segments = []
        for head, cell, width, style in zip(
            HEADS, cells, self._widths, styles, strict=True
        ):
            place = left if head in TEXTS else right
            segments += [place(cell, width, style), Segment(" " * self._gap)]
        return segments


def _summary(roll: Roll) -> list[str]:
    """What there is to say below the clients."""
    if not roll.asked:
        return ["asking the server ..."]
    if roll.totals is None:
        return []
    said, shown = roll.totals, len(roll.fellows)
    here = f"{roll.total:,} connected"
    if shown < roll.total:
        here += f", of which {shown:,} are shown"
    return [
        "",
        f"{here}; {said.refused:,} refused",
        f"{said.broadcasts:,} broadcasts, {said.kept:,} kept",
        f"{said.sent:,} sent, {said.received:,} received, "
        f"{said.dropped:,} dropped, {said.lost:,} lost",
    ]


def _cells(fellow: Fellow, now: float) -> tuple[str, ...]:
    return (
        str(fellow.id),
        printable(fellow.door),
        printable(fellow.peer),
        "-" if fellow.session is None else printable(fellow.session),
        moment(fellow.connected_since, now),
        many(fellow.queued),
        many(fellow.sent),
        many(fellow.received),
        many(fellow.dropped),
    )
