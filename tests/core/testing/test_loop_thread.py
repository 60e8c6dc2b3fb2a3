"""A loop in a thread, for programs without one."""

from __future__ import annotations

import asyncio
import threading

import pytest

from plugwire.testing.loop_thread import LoopThread


async def where() -> str:
    await asyncio.sleep(0)
    return threading.current_thread().name


def test_work_runs_in_the_thread_and_gives_its_result() -> None:
    loop = LoopThread("beside")
    try:
        assert loop.run(where()) == "beside"
    finally:
        loop.end()
    assert "beside" not in {thread.name for thread in threading.enumerate()}


def test_what_work_raises_comes_back() -> None:
    async def fail() -> None:
        raise LookupError("not here")

    loop = LoopThread("beside")
    try:
        with pytest.raises(LookupError, match="not here"):
            loop.run(fail())
    finally:
        loop.end()
