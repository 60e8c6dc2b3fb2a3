"""One `plugwire top` from beginning to end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import Coroutine, Iterator
from typing import Any

from plugwire.cli.output import printable
from plugwire.cli.run import INTERRUPTED
from plugwire.cli.top.app import Ending, Top, end
from plugwire.cli.top.feed import Tally, listen
from plugwire.cli.top.figures import MAX_TEXT
from plugwire.cli.top.model import Model
from plugwire.cli.top.roll import call_roll
from plugwire.logs import log
from plugwire.settings import Settings


async def watch(
    event: str, settings: Settings, door: str | None, *, logged: bool = False
) -> int:
    """The exit status; `logged` shows all that the library logs. Raises
    what the first attempt to connect raises. Either way the terminal is as
    it was before."""
    model = Model(event)
    client = Tally(event, door=door, settings=settings, sized=model.size)
    wanted = asyncio.Event()
    ending: Ending = asyncio.get_running_loop().create_future()
    app = Top(model, wanted, ending)
    poll = call_roll(event, settings, door, wanted, model.polled)
    with _signals(ending), _noted(model, logged):
        async with _beside([listen(client, model), poll], ending):
            await app.run_async()
    reason = ending.result() if ending.done() else None
    if isinstance(reason, KeyboardInterrupt):
        return INTERRUPTED  # raised in a task, it would tear the loop down
    if reason is not None:
        raise reason
    return app.return_code or 0


@contextlib.asynccontextmanager
async def _beside(
    work: list[Coroutine[Any, Any, None]], ending: Ending
) -> Any:
    """Do `work` beside what is inside; the first error in it ends both."""
    tasks = [asyncio.ensure_future(each) for each in work]

    def look(task: asyncio.Future[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            end(ending, error)

    for task in tasks:
        task.add_done_callback(look)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


@contextlib.contextmanager
def _signals(ending: Ending) -> Iterator[None]:
    """SIGINT and SIGTERM end it with the terminal restored. On the keyboard
    Ctrl-C is a key like any other."""
    loop = asyncio.get_running_loop()
    reasons = {signal.SIGINT: KeyboardInterrupt(), signal.SIGTERM: None}
    heard = []
    # Windows has no such handlers: there they end the process.
    with contextlib.suppress(NotImplementedError):
        for number, reason in reasons.items():
            loop.add_signal_handler(number, end, ending, reason)
            heard.append(number)
    try:
        yield
    finally:
        for number in heard:
            loop.remove_signal_handler(number)


@contextlib.contextmanager
def _noted(model: Model, logged: bool) -> Iterator[None]:
    """What the library logs becomes notes: standard error is covered. Who
    comes and goes the model tells itself."""
    handler = _Noter(model)
    handler.setLevel(logging.NOTSET if logged else logging.WARNING)
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)


class _Noter(logging.Handler):
    def __init__(self, model: Model) -> None:
        super().__init__()
        self._model = model

    def emit(self, record: logging.LogRecord) -> None:
        words = " ".join(record.getMessage().split())[:MAX_TEXT]
        self._model.note(
            printable(words), is_bad=record.levelno >= logging.WARNING
        )
