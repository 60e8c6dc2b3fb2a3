"""The Textual application: pages, keys, and when they are drawn."""

from __future__ import annotations

import asyncio
from typing import ClassVar, TypeAlias

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import ContentSwitcher, Footer

from plugwire.cli.top.board import Board
from plugwire.cli.top.clients_page import Clients
from plugwire.cli.top.head import Head, Notes
from plugwire.cli.top.model import Model
from plugwire.cli.top.numbers_page import Numbers
from plugwire.cli.top.roll import Roll
from plugwire.cli.top.sheet import Sheet

FRAME = 0.2
"""Seconds between two looks at the model: however fast messages come, no
more is drawn."""
HEAD_FRAMES = 2
"""Frames between two drawings of the head: its figures are means over
seconds, and are easier to read when they stand still."""

Ending: TypeAlias = "asyncio.Future[BaseException | None]"
"""Why it is to end: None where somebody has seen enough."""


def end(ending: Ending, reason: BaseException | None) -> None:
    """Let it end for `reason`, unless it is ending already."""
    if not ending.done():
        ending.set_result(reason)


class Top(App[None]):
    """Draws `model` until `ending` is done, which the keys do too. `wanted`
    is set while the server's clients are looked at."""

    TITLE = "plugwire top"
    ENABLE_COMMAND_PALETTE = False
    CSS = "Screen { layout: vertical; } ContentSwitcher { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "page('numbers')", "numbers"),
        Binding("2", "page('clients')", "clients"),
        Binding("tab", "other_page", "other page", show=False, priority=True),
        Binding("p", "pause", "pause"),
        Binding("q", "leave", "quit"),
        Binding("ctrl+q", "leave", show=False, priority=True),
        Binding("ctrl+c", "interrupt", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", show=False, priority=True),
    ]

    def __init__(
        self, model: Model, wanted: asyncio.Event, ending: Ending
    ) -> None:
        super().__init__()
        self._model = model
        self._wanted = wanted
        self._ending_future = ending
        self._page = "numbers"
        self._frozen: tuple[Board, Roll, float] | None = None
        self._drawn = -1
        self._frames = 0

    def compose(self) -> ComposeResult:
        """The widgets, from the top down."""
        model = self._model
        yield Head(model, lambda: self._page, lambda: self.is_paused)
        with ContentSwitcher(initial=self._page):
            numbers = Numbers(self._board, self._now, self._is_live)
            yield Sheet(numbers, id="numbers")
            ours = Clients(self._roll, lambda: model.client_id, model.wall)
            yield Sheet(ours, id="clients")
        yield Notes(model)
        yield Footer()

    def on_mount(self) -> None:
        """Begin to draw, and to wait for the end."""
        self._ending_future.add_done_callback(lambda _: self.exit())
        self._sheet().focus()
        self.set_interval(FRAME, self._look)

    # ----------------------------------------------------- what is drawn

    @property
    def is_paused(self) -> bool:
        """Whether the pages stand still."""
        return self._frozen is not None

    def _board(self) -> Board:
        return self._frozen[0] if self._frozen else self._model.board

    def _roll(self) -> Roll:
        return self._frozen[1] if self._frozen else self._model.roll

    def _now(self) -> float:
        return self._frozen[2] if self._frozen else self._model.now()

    def _is_live(self) -> bool:
        return self._model.standing.kind == "connected"

    def _look(self) -> None:
        """Draw what has changed since the last frame."""
        self._frames += 1
        if self._frames % HEAD_FRAMES == 0:
            self.query_one(Head).refresh()
        if self._model.changes != self._drawn:
            self._draw()

    def _draw(self) -> None:
        self._drawn = self._model.changes
        self.query_one(Notes).refresh(layout=True)
        if not self.is_paused:
            self._sheet().redraw()

    def _sheet(self) -> Sheet:
        return self.query_one(f"#{self._page}", Sheet)

    # --------------------------------------------------------------- keys

    def action_page(self, page: str) -> None:
        """Show `page`, and ask the server for its clients if they are on
        it."""
        self._page = page
        if page == "clients":
            self._wanted.set()
        else:
            self._wanted.clear()
        self.query_one(ContentSwitcher).current = page
        self._sheet().focus()
        self._sheet().redraw()
        self.query_one(Head).refresh()

    def action_other_page(self) -> None:
        """Show the page that is not shown."""
        self.action_page("clients" if self._page == "numbers" else "numbers")

    def action_pause(self) -> None:
        """Let the pages stand still, or show what is true now."""
        if self._frozen is None:
            model = self._model
            self._frozen = (model.board.copy(), model.roll, model.now())
        else:
            self._frozen = None
        self._sheet().redraw()
        self.query_one(Head).refresh()

    def action_leave(self) -> None:
        """End it."""
        end(self._ending_future, None)

    def action_interrupt(self) -> None:
        """End it as Ctrl-C ends any command."""
        end(self._ending_future, KeyboardInterrupt())

    def _handle_exception(self, error: Exception) -> None:
        """End with an error in drawing as with any other, in one line.
        Textual's own way is pages of tracebacks."""
        end(self._ending_future, error)
