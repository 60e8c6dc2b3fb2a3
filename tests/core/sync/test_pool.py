"""Threads that run what may block."""

from __future__ import annotations

import asyncio
import gc
import logging
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator

import pytest

from plugwire.errors import ConnectionClosed
from plugwire.sync.pool import Pool, plainly

Until = Callable[[Callable[[], object]], None]


class Gate:
    """A function that blocks until it is opened."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self._open = threading.Event()

    def __call__(self, result: object = None) -> object:
        self.entered.release()
        assert self._open.wait(20)
        return result

    def open(self) -> None:
        self._open.set()


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open()


def workers() -> int:
    return sum(t.name.startswith("crew-") for t in threading.enumerate())


def close(pool: Pool) -> None:
    pool.end()
    assert pool.join(20) == 0
    assert workers() == 0


async def turns(count: int = 10) -> None:
    """Let tasks that can go on go on."""
    for _ in range(count):
        await asyncio.sleep(0)


async def entered(gate: Gate) -> None:
    assert await asyncio.to_thread(gate.entered.acquire, timeout=20)


def test_functions_run_in_daemons_that_are_made_when_needed() -> None:
    pool = Pool("crew", 3)

    async def main() -> None:
        assert workers() == 0
        assert not pool.is_here
        names = {await pool.run(name) for _ in range(20)}
        assert names == {"crew-1"}  # an idle one is used again

    def name() -> str:
        assert pool.is_here
        assert threading.current_thread().daemon
        return threading.current_thread().name

    asyncio.run(main())
    close(pool)


def test_results_and_errors_come_back() -> None:
    pool = Pool("crew", 1)

    async def main() -> None:
        assert await pool.run(divmod, 7, 2) == (3, 1)
        with pytest.raises(ZeroDivisionError):
            await pool.run(divmod, 7, 0)
        with pytest.raises(RuntimeError, match="SystemExit"):
            await pool.run(sys.exit, 1)
        with pytest.raises(RuntimeError, match="StopIteration"):
            await pool.run(next, iter(()))
        assert await pool.run(len, "abc") == 3

    asyncio.run(main())
    close(pool)


def test_no_more_run_at_once_than_it_has_threads(gate: Gate) -> None:
    pool = Pool("crew", 2)

    async def main() -> None:
        tasks = [asyncio.create_task(pool.run(gate, i)) for i in range(5)]
        for _ in range(2):
            await entered(gate)
        await turns()
        assert not gate.entered.acquire(blocking=False)
        assert workers() == 2
        gate.open()
        assert await asyncio.gather(*tasks) == [0, 1, 2, 3, 4]

    asyncio.run(main())
    close(pool)


def test_what_waits_is_taken_in_order(gate: Gate) -> None:
    pool = Pool("crew", 1)
    done: list[int] = []

    async def main() -> None:
        first = asyncio.create_task(pool.run(gate))
        await entered(gate)
        rest = [asyncio.create_task(pool.run(done.append, i)) for i in (1, 2)]
        await turns()
        gate.open()
        await asyncio.gather(first, *rest)

    asyncio.run(main())
    assert done == [1, 2]
    close(pool)


def test_one_that_waits_and_is_cancelled_never_runs(gate: Gate) -> None:
    pool = Pool("crew", 1)
    done: list[int] = []

    async def main() -> None:
        first = asyncio.create_task(pool.run(gate))
        await entered(gate)
        dropped = asyncio.create_task(pool.run(done.append, 1))
        behind = asyncio.create_task(pool.run(done.append, 2, key="a"))
        after = asyncio.create_task(pool.run(done.append, 3, key="a"))
        last = asyncio.create_task(pool.run(done.append, 4, key="a"))
        await turns()
        dropped.cancel()
        behind.cancel()
        after.cancel()
        await asyncio.wait([dropped, behind, after])
        gate.open()
        await asyncio.gather(first, last)

    asyncio.run(main())
    assert done == [4]
    close(pool)


def test_one_that_runs_and_is_cancelled_keeps_its_thread(gate: Gate) -> None:
    pool = Pool("crew", 1)
    done: list[int] = []

    async def main() -> None:
        running = asyncio.create_task(pool.run(gate))
        await entered(gate)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        waiting = asyncio.create_task(pool.run(done.append, 1))
        await turns()
        assert workers() == 1
        assert done == []
        gate.open()
        await waiting

    asyncio.run(main())
    close(pool)


def test_those_of_a_key_run_one_at_a_time(gate: Gate) -> None:
    pool = Pool("crew", 4)
    done: list[str] = []

    async def main() -> None:
        running = asyncio.create_task(pool.run(gate, key=1))
        await entered(gate)
        running.cancel()  # its function runs on, and is still the first
        second = asyncio.create_task(pool.run(done.append, "1", key=1))
        third = asyncio.create_task(pool.run(done.append, "2", key=1))
        await pool.run(done.append, "other", key=2)
        await pool.run(done.append, "none")
        assert done == ["other", "none"]
        gate.open()
        await asyncio.gather(second, third)

    asyncio.run(main())
    assert done == ["other", "none", "1", "2"]
    close(pool)


def test_after_the_end_what_waits_is_done_and_nothing_is_taken(
    gate: Gate,
) -> None:
    pool = Pool("crew", 1)
    done: list[int] = []
    pool.post("gate", gate)
    pool.post("append", done.append, 1)
    assert gate.entered.acquire(timeout=20)
    pool.end()
    with pytest.raises(ConnectionClosed, match="crew"):
        pool.post("append", done.append, 2)
    assert pool.join(0) == 1
    gate.open()
    close(pool)
    assert done == [1]


def test_its_own_threads_do_not_wait_for_themselves() -> None:
    pool = Pool("crew", 1)
    left: list[int] = []

    def end() -> None:
        pool.end()
        left.append(pool.join(20))

    pool.post("end", end)
    for thread in threading.enumerate():
        if thread.name.startswith("crew-"):
            thread.join(20)
    assert left == [0]


def test_what_a_posted_function_raises_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    pool = Pool("crew", 1)
    with caplog.at_level(logging.ERROR, "plugwire"):
        pool.post("on_gap", divmod, 1, 0)
        close(pool)
    assert "on_gap raised ZeroDivisionError" in caplog.text


def test_a_loop_that_is_closed_is_not_told(gate: Gate, until: Until) -> None:
    pool = Pool("crew", 1)
    loop = asyncio.new_event_loop()
    task = loop.create_task(pool.run(gate))
    loop.run_until_complete(entered(gate))
    task.cancel()
    loop.run_until_complete(asyncio.wait([task]))
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    gate.open()
    close(pool)


def test_where_no_thread_can_be_had(
    monkeypatch: pytest.MonkeyPatch, gate: Gate
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    pool = Pool("crew", 2)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="can't start"):
            pool.post("gate", gate)
    done: list[int] = []
    pool.post("gate", gate)
    assert gate.entered.acquire(timeout=20)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        pool.post("append", done.append, 1)  # waits for the one that there is
    gate.open()
    close(pool)
    assert done == [1]


def test_the_first_thread_can_be_had_before_there_is_work() -> None:
    pool = Pool("crew", 1)
    pool.prepare()
    pool.prepare()
    assert workers() == 1
    done: list[int] = []
    pool.post("append", done.append, 1)
    close(pool)
    assert done == [1]


def test_an_idle_thread_holds_nothing() -> None:
    class Thing:
        pass

    pool = Pool("crew", 1)

    async def main() -> weakref.ref[Thing]:
        thing = Thing()
        await pool.run(id, thing)
        return weakref.ref(thing)

    held = asyncio.run(main())
    gc.collect()
    assert held() is None
    close(pool)


def test_one_that_blocks_for_ever_does_not_hold_up_the_exit() -> None:
    program = """
import threading
from plugwire.sync.pool import Pool
pool = Pool("crew", 1)
entered = threading.Event()
pool.post("hang", lambda: (entered.set(), threading.Event().wait()))
entered.wait()
pool.end()
print(pool.join(0))
"""
    said = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert (said.stdout, said.stderr) == ("1\n", "")


def test_plainly_lets_through_what_a_loop_can_carry() -> None:
    assert plainly(len, "ab") == 2
    with pytest.raises(ZeroDivisionError):
        plainly(divmod, 1, 0)
    with pytest.raises(RuntimeError, match="SystemExit") as caught:
        plainly(sys.exit, 3)
    assert isinstance(caught.value.__cause__, SystemExit)
