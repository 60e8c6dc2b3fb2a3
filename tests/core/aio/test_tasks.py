"""Tasks that begin when whoever makes them is done, on every loop."""

from __future__ import annotations

import asyncio
import sys

import pytest

from plugwire.aio.handlers import Teller
from plugwire.aio.tasks import begin

FACTORIES = [None]
if sys.version_info >= (3, 12):
    FACTORIES.append(asyncio.eager_task_factory)


@pytest.fixture(params=FACTORIES, ids=["lazy", "eager"][: len(FACTORIES)])
async def factory(request):
    loop = asyncio.get_running_loop()
    loop.set_task_factory(request.param)
    yield
    loop.set_task_factory(None)


async def test_a_task_begins_behind_who_makes_it(factory) -> None:
    begun = list[int]()

    async def work() -> int:
        begun.append(1)
        return 2

    task = begin(work())
    assert not begun
    assert not task.done()
    assert await task == 2
    assert begun == [1]


async def test_a_callback_that_ends_at_once_is_not_the_last(factory) -> None:
    teller, heard = Teller(), list[int]()

    async def on_gap(number: int) -> None:
        heard.append(number)

    for number in range(3):
        teller.tell("on_gap", on_gap, number)
        await teller.done()
    assert heard == [0, 1, 2]
