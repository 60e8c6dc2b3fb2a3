"""An event loop for threads."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from concurrent.futures import CancelledError
from typing import Any

import pytest

from plugwire.errors import PlugwireError
from plugwire.sync.portal import Portal, PortalEnded

NAME = "beside"


def names() -> list[str]:
    return [thread.name for thread in threading.enumerate()]


async def where() -> str:
    await asyncio.sleep(0)
    return threading.current_thread().name


class Hanging:
    """A coroutine that waits for ever, and what becomes of it."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.over = False

    async def wait(self) -> None:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            self.over = True


def test_the_first_call_starts_a_daemon_and_stop_ends_it() -> None:
    portal = Portal(NAME)
    assert NAME not in names()
    assert portal.run(where()) == NAME
    (thread,) = [t for t in threading.enumerate() if t.name == NAME]
    assert thread.daemon
    assert portal.call(threading.get_ident) == thread.ident
    portal.stop()
    assert NAME not in names()
    portal.stop()


def test_what_coroutines_and_functions_raise_comes_back() -> None:
    async def fail() -> None:
        raise LookupError("not here")

    portal = Portal(NAME)
    with pytest.raises(LookupError, match="not here"):
        portal.run(fail())
    with pytest.raises(ValueError, match="invalid literal"):
        portal.call(int, "x")
    portal.stop()


def test_one_that_was_stopped_takes_no_calls() -> None:
    for portal in (Portal(NAME), Portal(NAME)):
        portal.stop()
        with pytest.raises(PortalEnded, match=NAME):
            portal.run(where())
        with pytest.raises(PortalEnded, match=NAME):
            portal.call(len, ())
        portal.soon(len, ())
        assert NAME not in names()


def test_stop_sees_everything_to_its_end() -> None:
    portal = Portal(NAME)
    hanging = Hanging()
    closed: list[str] = []

    async def count() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            closed.append("generator")

    async def begin() -> int:
        await asyncio.get_running_loop().run_in_executor(None, len, ())
        counting = count()
        closed.append(f"first {await anext(counting)}")
        kept.append(counting)
        return threading.active_count()

    kept: list[Any] = []
    before = threading.active_count()
    assert portal.run(begin()) == before + 2
    call = portal.begin(hanging.wait())
    assert hanging.begun.wait(20)
    portal.stop()
    assert hanging.over
    assert closed == ["first 1", "generator"]
    assert threading.active_count() == before
    with pytest.raises(PortalEnded):
        call.result()


def test_who_waits_when_it_ends_is_released() -> None:
    portal = Portal(NAME)
    hanging = Hanging()
    raised: list[BaseException] = []

    def wait() -> None:
        try:
            portal.run(hanging.wait())
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    assert hanging.begun.wait(20)
    portal.call(portal.stop)  # in the loop's own thread: returns at once
    thread.join()
    assert [type(error) for error in raised] == [PortalEnded]
    portal.stop()


def test_calls_race_with_the_end_and_none_hangs() -> None:
    for _ in range(30):
        portal = Portal(NAME)
        portal.call(len, ())
        ended = threading.Event()

        def call(portal: Portal = portal, ended: Any = ended) -> None:
            try:
                while True:
                    assert portal.run(where()) == NAME
            except PortalEnded:
                ended.set()

        threads = [threading.Thread(target=call) for _ in range(3)]
        for thread in threads:
            thread.start()
        portal.stop()
        for thread in threads:
            thread.join(20)
            assert not thread.is_alive()
        assert ended.is_set()


def test_waiting_in_its_own_thread_is_refused_in_words() -> None:
    portal = Portal(NAME)

    async def inside() -> str:
        assert portal.call(threading.get_ident) == threading.get_ident()
        try:
            portal.run(where())
        except PlugwireError as error:
            return str(error)
        return "it did not raise"

    assert "for itself for ever" in portal.run(inside())
    portal.stop()


def test_a_cancelled_call_says_so() -> None:
    portal = Portal(NAME)
    hanging = Hanging()
    call = portal.begin(hanging.wait())
    assert hanging.begun.wait(20)
    assert not call.wait(0)
    call.cancel()
    with pytest.raises(CancelledError):
        call.result()
    assert hanging.over
    call.cancel()
    portal.stop()


def test_an_interrupt_cancels_the_coroutine_and_waits_for_it() -> None:
    portal = Portal(NAME)
    hanging = Hanging()

    async def interrupt() -> None:
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGINT)
        await hanging.wait()

    with pytest.raises(KeyboardInterrupt):
        portal.run(interrupt())
    assert hanging.over
    assert portal.run(where()) == NAME
    portal.stop()


def test_one_that_a_coroutine_exits_releases_all() -> None:
    portal = Portal(NAME)
    hanging = Hanging()
    call = portal.begin(hanging.wait())
    assert hanging.begun.wait(20)

    async def leave() -> None:
        sys.exit("from a coroutine")

    with pytest.raises(SystemExit, match="from a coroutine"):
        portal.run(leave())
    with pytest.raises(PortalEnded):
        call.result()
    portal.stop()


def test_a_thread_may_lend_itself() -> None:
    portal = Portal(NAME)
    portal.prepare()
    heard: list[int] = []
    this = threading.get_ident()
    done = asyncio.Event()

    def call() -> None:
        heard.append(portal.call(threading.get_ident))
        portal.soon(done.set)

    thread = threading.Thread(target=call)
    thread.start()
    assert portal.host(done.wait())
    thread.join()
    assert heard == [this]
    assert portal.ended
    portal.stop()
    with pytest.raises(PortalEnded):
        portal.run(where())


async def test_a_thread_with_a_loop_cannot_lend_itself() -> None:
    with pytest.raises(PlugwireError, match="runs an event loop already"):
        Portal(NAME).prepare()


def test_no_thread_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    portal = Portal(NAME)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(RuntimeError, match="can't start"):
        portal.run(where())
    portal.stop()


FORKING = """
import asyncio, os, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # of fork with threads
from plugwire.errors import ConnectionClosed
from plugwire.sync.portal import Portal

portal = Portal("beside")
portal.call(len, ())
child = os.fork()
if not child:
    try:
        portal.run(asyncio.sleep(0))
    except ConnectionClosed as error:
        print("child:", error, flush=True)
    portal.soon(print, "never")
    portal.stop()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
print("parent:", portal.call(len, "ab"))
portal.stop()
"""


def test_in_a_forked_child_it_is_dead() -> None:
    said = subprocess.run(
        [sys.executable, "-c", FORKING],
        check=True,
        capture_output=True,
        text=True,
        timeout=50,
    )
    child, parent = said.stdout.splitlines()
    assert child.startswith("child: ")
    assert "forked child" in child
    assert parent == "parent: 2"
    assert said.stderr == ""


def test_nothing_is_warned_of() -> None:
    program = """
import asyncio, gc
from plugwire.sync.portal import Portal
portal = Portal("beside")
portal.run(asyncio.sleep(0))
begun = portal.begin(asyncio.sleep(3600))
portal.stop()
del portal, begun
gc.collect()
"""
    said = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", program],
        check=True,
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert said.stderr == ""


def test_interrupts_at_any_moment_leave_nothing_behind() -> None:
    """Each either comes after the result or cancels the coroutine."""
    portal = Portal(NAME)
    running: set[int] = set()
    main = threading.main_thread().ident
    assert main is not None

    async def work(number: int) -> int:
        running.add(number)
        try:
            signal.pthread_kill(main, signal.SIGINT)
            await asyncio.sleep(0.001 * (number % 3))
            return number
        finally:
            running.discard(number)

    def turn(number: int) -> None:
        try:
            assert portal.run(work(number)) == number
            threading.Event().wait(20)  # the interrupt is on its way
            pytest.fail("no interrupt came")
        except KeyboardInterrupt:
            return

    for number in range(200):
        turn(number)
        assert portal.call(len, running) == 0
    portal.stop()
