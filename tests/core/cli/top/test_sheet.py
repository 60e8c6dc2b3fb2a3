"""A page that scrolls under its heading, in an application of its own."""

from rich.segment import Segment
from textual.app import App

from plugwire.cli.top.sheet import Sheet


class Lines:
    """A page of numbered lines."""

    def __init__(self, count):
        self.count = count
        self.fitted = []

    def fit(self, width, height):
        self.fitted.append((width, height))
        return self.count

    def heading(self):
        return [Segment("HEAD [b]not bold[/b]")]

    def line(self, number):
        return [Segment(f"line {number} " + "x" * 200)]


class Shown(App):
    def __init__(self, count):
        super().__init__()
        self.page = Lines(count)

    def compose(self):
        yield Sheet(self.page, id="sheet")


def texts(app):
    sheet = app.query_one(Sheet)
    return [
        sheet.render_line(y).text for y in range(sheet.content_size.height)
    ]


async def test_lines_are_drawn_below_the_heading_and_cut():
    app = Shown(3)
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        lines = texts(app)
        assert {len(line) for line in lines} == {38}  # a blank on each side
        assert lines[0].rstrip() == "HEAD [b]not bold[/b]"
        assert [line[:7] for line in lines[1:4]] == [
            f"line {n} " for n in range(3)
        ]
        assert "".join(lines[4:]).strip() == ""
        assert app.page.fitted[-1] == (38, 9)


async def test_scrolling_leaves_the_heading_where_it_is():
    app = Shown(50)
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        app.query_one(Sheet).focus()
        await pilot.press("pagedown")
        await pilot.press("end")
        sheet = app.query_one(Sheet)
        sheet.scroll_end(animate=False)
        await pilot.pause()
        lines = texts(app)
        assert lines[0].startswith("HEAD ")
        assert [line[:8] for line in lines[1:]] == [
            f"line {n} " for n in range(41, 50)
        ]


async def test_a_page_that_becomes_short_is_seen_from_its_top():
    app = Shown(50)
    async with app.run_test(size=(40, 10)) as pilot:
        sheet = app.query_one(Sheet)
        sheet.scroll_end(animate=False)
        await pilot.pause()
        app.page.count = 2
        sheet.redraw()
        await pilot.pause()
        assert [line[:7] for line in texts(app)[1:4]] == [
            "line 0 ",
            "line 1 ",
            " " * 7,
        ]


async def test_a_new_size_is_fitted():
    app = Shown(3)
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.resize_terminal(60, 20)
        await pilot.pause()
        assert app.page.fitted[-1] == (58, 19)
        await pilot.resize_terminal(1, 1)
        await pilot.pause()
        assert app.page.fitted[-1] == (0, 0)
