"""When to give up waiting for answers: one timer for all of them."""

from __future__ import annotations

import asyncio
from math import inf
from operator import itemgetter
from typing import Any

from plugwire.aio.handover import Handover


class Deadlines:
    """Handovers, and when each of them fails with `TimeoutError`.

    Nearly all are given long before. So there is no timer for each, to be
    made and cancelled: one stands at the earliest moment that was due when
    it was set, and looks then what is due next. Belongs to one loop.
    """

    __slots__ = ("_at", "_due", "_timer")

    def __init__(self) -> None:
        self._due: dict[Handover[Any], float] = {}
        self._at = inf
        self._timer: asyncio.TimerHandle | None = None

    def add(self, turn: Handover[Any], seconds: float) -> None:
        """Have `turn` fail in so many seconds, until it is dropped."""
        loop = turn.get_loop()
        self._due[turn] = at = loop.time() + seconds
        if at < self._at:
            self._set(loop, at)

    def drop(self, turn: Handover[Any]) -> None:
        """Forget `turn`, which was added."""
        del self._due[turn]

    def _set(self, loop: asyncio.AbstractEventLoop, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._at = at
        self._timer = loop.call_at(at, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        # A loop may be a little early: what it was set for is due.
        now = max(loop.time(), self._at)
        self._timer, self._at = None, inf
        for turn, at in sorted(self._due.items(), key=itemgetter(1)):
            if at > now:
                self._set(loop, at)
                break
            turn.expire()
