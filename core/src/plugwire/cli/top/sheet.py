"""A page of lines that scrolls under a heading that stays."""

from __future__ import annotations

from typing import ClassVar, Protocol

from rich.segment import Segment
from rich.style import Style
from textual.events import Resize
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip


class Page(Protocol):
    """What a sheet shows. It knows no widgets."""

    def fit(self, width: int, height: int) -> int:
        """Lay out what there is now for so many cells and lines below the
        heading; how many lines it takes."""

    def heading(self) -> list[Segment]:
        """The line that stays."""

    def line(self, number: int) -> list[Segment]:
        """One of the others, from 0."""


class Sheet(ScrollView, can_focus=True):
    """Draws those lines of a `Page` that are seen."""

    DEFAULT_CSS: ClassVar[str] = """
    Sheet {
        height: 1fr;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        padding: 0 1;
    }
    """

    def __init__(self, page: Page, *, id: str) -> None:
        super().__init__(id=id)
        self._shown_page = page
        self._line_count = 0
        self._ground = Style.null()

    def redraw(self) -> None:
        """Draw anew; called when something has changed."""
        # Asked for each line, it would cost as much as all the bars.
        self._ground = self.rich_style
        width = self.scrollable_content_region.width
        height = max(0, self.scrollable_content_region.height - 1)
        self._line_count = self._shown_page.fit(width, height)
        size = Size(width, self._line_count + 1)
        if size != self.virtual_size:
            self.virtual_size = size
        self.refresh()

    def on_resize(self, _: Resize) -> None:
        """Fit into the new size."""
        self.redraw()

    def render_line(self, y: int) -> Strip:
        """One line as it is on screen, from 0."""
        number = y - 1 + round(self.scroll_y)
        if y == 0:
            segments = self._shown_page.heading()
        elif number < self._line_count:
            segments = self._shown_page.line(number)
        else:
            segments = []
        width = self.scrollable_content_region.width
        strip = Strip(segments).adjust_cell_length(width)
        strip = strip.apply_style(self._ground)
        # Under NO_COLOR Textual takes the colours out of each style, and of
        # None it cannot.
        plain = Style.null()
        return Strip([Segment(t, style or plain) for t, style, _ in strip])
