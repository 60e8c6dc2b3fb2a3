"""The application, drawn by Textual without a terminal."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from textual.widgets import ContentSwitcher, Footer

from plugwire.cli.top import app as module
from plugwire.cli.top.app import Top
from plugwire.cli.top.head import Head, Notes
from plugwire.cli.top.numbers_page import Numbers
from plugwire.cli.top.roll import Roll, Totals
from plugwire.cli.top.sheet import Sheet


class Shown:
    """A running application, and what is on its screen."""

    def __init__(self, top, pilot, wanted, ending):
        self.top, self.pilot = top, pilot
        self.wanted, self.ending = wanted, ending

    def text(self):
        """All lines of the page that is shown."""
        current = self.top.query_one(ContentSwitcher).current
        sheet = self.top.query_one(f"#{current}", Sheet)
        return "\n".join(
            sheet.render_line(y).text for y in range(sheet.size.height)
        )

    def head(self):
        return self.top.query_one(Head).render().plain

    def notes(self):
        return self.top.query_one(Notes).render().plain

    async def until(self, look):
        async with asyncio.timeout(20):
            while not look():
                await self.pilot.pause(0.02)


@asynccontextmanager
async def running(model, size=(100, 30)):
    wanted = asyncio.Event()
    ending = asyncio.get_running_loop().create_future()
    top = Top(model, wanted, ending)
    async with top.run_test(size=size) as pilot:
        yield Shown(top, pilot, wanted, ending)
        if not ending.done():
            ending.set_result(None)


async def test_c7_values_rate_and_standing_are_drawn(model, say):
    async with running(model) as shown:
        assert "connecting" in shown.head()
        model.connected("main", "msgpack", 1)
        say({"cpu": {"user": 41.5}, "tier": "calm [red]![/red]"}, ago=3)
        await shown.until(lambda: "cpu.user" in shown.text())
        assert "41.5" in shown.text()
        assert "calm [red]![/red]" in shown.text()
        assert "connected to main (msgpack)" in shown.head()
        assert "lag 3 ms" in shown.head()
        assert "connected to door main (msgpack)" in shown.notes()


async def test_new_values_are_drawn_as_they_come(model, say):
    async with running(model) as shown:
        for value in ("one", "two", "three"):
            say({"word": value})
            await shown.until(lambda value=value: value in shown.text())


async def test_the_last_notes_are_shown_the_newest_below(model):
    async with running(model) as shown:
        for word in ("first", "second", "[b]third[/b]", "fourth"):
            model.note(word)
        await shown.until(lambda: shown.top.query_one(Notes).size.height == 3)
        notes = [line.split("  ")[1] for line in shown.notes().split("\n")]
        assert notes == ["second", "[b]third[/b]", "fourth"]


async def test_keys_change_the_page_and_the_wish_to_know(model, say):
    async with running(model) as shown:
        say({"a": 1})
        await shown.until(lambda: "NAME" in shown.text())
        assert not shown.wanted.is_set()
        for key, head, wanted in (
            ("2", "RECEIVED", True),
            ("1", "NAME", False),
            ("tab", "RECEIVED", True),
            ("tab", "NAME", False),
        ):
            await shown.pilot.press(key)
            await shown.until(lambda head=head: head in shown.text())
            assert shown.wanted.is_set() is wanted


async def test_clients_are_drawn_as_they_are_told(model):
    async with running(model) as shown:
        await shown.pilot.press("2")
        await shown.until(lambda: "asking the server" in shown.text())
        model.polled(Roll(total=0, totals=Totals(), asked=True))
        await shown.until(lambda: "0 connected" in shown.text())
        model.polled(Roll(asked=True, trouble="[b]no[/b]"))
        await shown.until(lambda: "[b]no[/b]" in shown.text())


async def test_pause_holds_the_pages_and_nothing_else(model, say):
    async with running(model) as shown:
        say({"word": "before"})
        await shown.until(lambda: "before" in shown.text())
        await shown.pilot.press("p")
        assert "PAUSED" in shown.head()
        say({"word": "after"})
        model.polled(Roll(asked=True, trouble="trouble"))
        model.note("meanwhile")
        await shown.until(lambda: "meanwhile" in shown.notes())
        assert "2 received" in shown.head()
        # Whatever makes it draw again: a resize, the other page and back.
        await shown.pilot.resize_terminal(90, 20)
        await shown.pilot.press("2")
        assert "trouble" not in shown.text()
        await shown.pilot.press("1")
        await shown.until(lambda: "before" in shown.text())
        await shown.pilot.press("p")
        await shown.until(lambda: "after" in shown.text())
        assert "PAUSED" not in shown.head()


@pytest.mark.parametrize(
    ("key", "reason"),
    [("q", type(None)), ("ctrl+q", type(None)), ("ctrl+c", KeyboardInterrupt)],
)
async def test_keys_end_it(model, key, reason):
    async with running(model) as shown:
        await shown.pilot.press(key)
        assert isinstance(await shown.ending, reason)
        await shown.until(lambda: not shown.top.is_running)


async def test_an_end_before_it_began_ends_it(model):
    ending = asyncio.get_running_loop().create_future()
    ending.set_result(OSError("early"))
    async with asyncio.timeout(20):
        await Top(model, asyncio.Event(), ending).run_async(headless=True)


async def test_it_is_drawn_at_any_size(model, say):
    async with running(model) as shown:
        model.connected("main", "msgpack", 1)
        say({f"{group}.{n}": n for group in "abc" for n in range(20)})
        for size in ((200, 50), (80, 24), (30, 8), (3, 3), (1, 1), (100, 30)):
            await shown.pilot.resize_terminal(*size)
            await shown.pilot.pause()
            assert not shown.ending.done()
        await shown.until(lambda: "a.0" in shown.text())
        assert shown.top.query_one(Footer).size.width == 100


async def test_an_error_in_drawing_ends_it_with_that_error(model, monkeypatch):
    def broken(self):
        raise RuntimeError("no such line")

    async with running(model) as shown:
        monkeypatch.setattr(Numbers, "heading", broken)
        model.note("draw")
        async with asyncio.timeout(20):
            error = await shown.ending
        assert isinstance(error, RuntimeError)
        await shown.until(lambda: not shown.top.is_running)


async def test_messages_are_not_drawn_one_by_one(model, say, monkeypatch):
    """However many come in a frame, the page is drawn once."""
    drawn = []
    monkeypatch.setattr(
        Sheet, "redraw", lambda self: drawn.append(model.messages)
    )
    monkeypatch.setattr(module, "FRAME", 0.05)
    async with running(model) as shown:
        await shown.until(lambda: drawn)
        drawn.clear()
        for n in range(1000):
            say({"n": n})
        await shown.until(lambda: drawn)
        await shown.pilot.pause(0.2)
        assert drawn == [1000]
