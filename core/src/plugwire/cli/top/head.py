"""The lines above and below a page: how it stands, and what happened."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from typing import ClassVar

from rich.text import Text
from textual.widget import Widget

from plugwire.cli.top.model import Model, Note
from plugwire.cli.top.words import many, milliseconds, number, scaled, span

QUIET = 2.0
"""Seconds without a message after which that is told."""
WHOLE = 100
"""Messages a second from which on no fraction of one is told."""
SHOWN = 3
"""Notes on screen."""
COLOURS = {
    "connecting": "bold #d7af5f",
    "connected": "bold #87d787",
    "away": "bold #ff8787",
    "ended": "bold #ff8787",
}
BAD = "bold #ff8787"
DIM = "dim"


class Head(Widget):
    """Two lines: the event and its connection; how its messages come."""

    DEFAULT_CSS: ClassVar[str] = """
    Head { height: 2; padding: 0 1; background: $panel; }
    """

    def __init__(
        self, model: Model, page: Callable[[], str], paused: Callable[[], bool]
    ) -> None:
        super().__init__()
        self._model = model
        self._page = page
        self._paused = paused

    def render(self) -> Text:
        first, second = standing(self._model), traffic(self._model)
        pages = Text()
        if self._paused():
            pages.append(" PAUSED ", "bold reverse #d7af5f").append(" ")
        for key, page in (("1", "numbers"), ("2", "clients")):
            chosen = "bold reverse" if page == self._page() else DIM
            pages.append(f" {key} {page} ", chosen)
        room = self.size.width - pages.cell_len
        first.truncate(max(0, room - 1), overflow="ellipsis")
        first.pad_right(max(0, room - first.cell_len))
        second.truncate(self.size.width, overflow="ellipsis")
        both = Text("\n", no_wrap=True).join([first + pages, second])
        both.no_wrap = True
        return both


def standing(model: Model) -> Text:
    """The event, and how the connection stands."""
    stands, since = model.standing, model.now() - model.standing.since
    words = {
        "connecting": f"connecting, {span(since)}",
        "connected": f"connected to {model.door} ({model.codec})",
        "away": f"away {span(since)}, reconnecting: {stands.why}",
        "ended": f"ended: {stands.why}",
    }[stands.kind]
    return Text.assemble(
        (model.event, "bold"), "  ", (f"● {words}", COLOURS[stands.kind])
    )


def traffic(model: Model) -> Text:
    """Rate, lag and gaps."""
    now = model.now()
    reading = model.meter.read(now)
    parts = [
        _part(number(reading.rate, whole=reading.rate >= WHOLE), "msg/s"),
        _part(*scaled(reading.bytes, "B/s").split()),
        _lag(model, reading.worst),
        _missed(model),
    ]
    last = model.last_message
    if last is not None and now - last > QUIET:
        parts.append(Text(f"quiet for {span(now - last)}", COLOURS["away"]))
    if model.errors:
        parts.append(_part(many(model.errors), "errors", BAD))
    if model.is_thinned:
        parts.append(Text("only some are drawn", DIM))
    parts.append(_part(many(model.messages), "received"))
    if model.kept:
        parts.append(_part(many(model.kept), "kept"))
    return Text("  ").join(parts)


def _part(figure: str, unit: str, style: str = "bold") -> Text:
    return Text.assemble((figure, style), (f" {unit}", DIM))


def _lag(model: Model, worst: int | None) -> Text:
    if model.lag is None:
        return Text.assemble(("lag ", DIM), "-")
    if model.clocks_differ:
        return Text.assemble(
            ("clocks differ by ", DIM), (milliseconds(-model.lag), BAD)
        )
    words = Text.assemble(
        ("lag ", DIM), (milliseconds(max(0, model.lag)), "bold")
    )
    if worst is not None:
        words.append(f" (worst {milliseconds(max(0, worst))})", DIM)
    return words


def _missed(model: Model) -> Text:
    if not model.missed and not model.unknown:
        return Text.assemble(("missed ", DIM), ("0", "bold"))
    figure = many(model.missed) if model.missed else ""
    if model.unknown:
        figure += " + unknown" if figure else "unknown"
    return Text.assemble(("missed ", DIM), (figure, BAD))


class Notes(Widget):
    """What happened last, a line each; more lines than one only where there
    is more than one to tell."""

    DEFAULT_CSS: ClassVar[str] = """
    Notes { height: auto; padding: 0 1; background: $panel; }
    """

    def __init__(self, model: Model) -> None:
        super().__init__()
        self._model = model

    def render(self) -> Text:
        notes = list(islice(reversed(self._model.notes), SHOWN))
        lines = [_noted(note) for note in reversed(notes)]
        for line in lines:
            line.truncate(self.size.width or 80, overflow="ellipsis")
        return Text("\n", no_wrap=True).join(lines)


def _noted(note: Note) -> Text:
    then = datetime.fromtimestamp(note.at, UTC).astimezone()
    return Text.assemble(
        (f"{then:%H:%M:%S}  ", DIM), (note.text, BAD if note.is_bad else "")
    )
