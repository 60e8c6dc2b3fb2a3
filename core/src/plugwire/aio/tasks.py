"""Tasks that begin when whoever makes them is done."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def begin(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """`work` as a task of the running loop, which takes its first step in
    one of the loop's next turns; hold it, or it may be collected.

    That of the application's loop may be eager
    (`asyncio.eager_task_factory`): it runs `work` up to its first wait, or
    to its end, before the task is known to who makes it.
    """
    return asyncio.Task(work, loop=asyncio.get_running_loop())
