"""One run, from beginning to end, without a terminal."""

import asyncio
import logging
import os
import signal

import pytest

from plugwire import ConnectionFailed, Server, load_settings
from plugwire.cli.top import watch as module
from plugwire.cli.top.app import Top
from plugwire.cli.top.numbers_page import Numbers
from plugwire.cli.top.watch import watch
from plugwire.logs import log


@pytest.fixture
def tops(monkeypatch):
    """The applications that are made; they draw on nothing."""
    made = []

    class Headless(Top):
        def __init__(self, model, *args):
            super().__init__(model, *args)
            self.watched = model
            made.append(self)

        async def run_async(self):
            return await super().run_async(headless=True)

    monkeypatch.setattr(module, "Top", Headless)
    return made


async def until(look):
    async with asyncio.timeout(20):
        while not look():
            await asyncio.sleep(0.01)


@pytest.fixture
async def run(tops):
    """Starts a run beside a server, and gives both once it is connected."""
    former = signal.getsignal(signal.SIGINT)
    tasks = []

    async def begin(**more):
        settings = load_settings(reconnect_delay=0.01)
        task = asyncio.create_task(watch("load", settings, None, **more))
        tasks.append(task)
        await until(
            lambda: (
                tops
                and tops[-1].is_running
                and tops[-1].watched.standing.kind == "connected"
            )
        )
        return task, tops[-1]

    async with Server("load") as server:
        begin.server = server
        yield begin
    assert all(task.done() for task in tasks)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        assert not loop.remove_signal_handler(number)
    signal.signal(signal.SIGINT, former)


async def test_a_wish_to_leave_is_a_zero(run):
    task, top = await run()
    assert len(run.server.clients) == 1
    top.action_leave()
    async with asyncio.timeout(20):
        assert await task == 0
    assert len(run.server.clients) == 0


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)]
)
async def test_signals_end_it_cleanly(run, number, status):
    task, _ = await run()
    os.kill(os.getpid(), number)
    async with asyncio.timeout(20):
        assert await task == status


async def test_an_error_in_drawing_is_raised(run, monkeypatch):
    task, top = await run()

    def broken(self):
        raise RuntimeError("no such line")

    monkeypatch.setattr(Numbers, "heading", broken)
    top.watched.note("draw")
    with pytest.raises(RuntimeError, match="no such line"):
        async with asyncio.timeout(20):
            await task


async def test_clients_are_asked_for_while_they_are_looked_at(run):
    task, top = await run()
    top.action_page("clients")
    await until(lambda: top.watched.roll.total == 1)
    top.action_leave()
    assert await task == 0


async def test_a_server_that_is_not_there_is_raised(tops):
    settings = load_settings(default_timeout=0.05)
    with pytest.raises(ConnectionFailed):
        await watch("load", settings, None)
    assert not tops[0].is_running


@pytest.mark.parametrize("logged", [False, True])
async def test_what_is_logged_becomes_notes(run, logged):
    logger, level = logging.getLogger("plugwire"), log.level
    logger.setLevel(logging.INFO)
    task, top = await run(logged=logged)
    log.warning("one\n two %s", "\x1b[2J")
    log.info("three")
    notes = [(note.text, note.is_bad) for note in top.watched.notes]
    assert ("one two \\x1b[2J", True) in notes
    assert (("three", False) in notes) is logged
    top.action_leave()
    assert await task == 0
    logger.setLevel(level)
    log.warning("four")
    assert "four" not in {note.text for note in top.watched.notes}
