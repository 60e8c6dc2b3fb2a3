"""When to try again: exponential backoff with full jitter; no I/O."""

from __future__ import annotations

import random
from collections.abc import Callable


class Backoff:
    """Delays in seconds between attempts to reconnect.

    The n-th is drawn evenly from 0 to `first * 2**n`, at most `cap`: full
    jitter, so that a thousand clients of a restarted server do not come back
    in step. Nor is it more than `first` and twice what was waited before:
    short draws in a row make attempts many and the next reach long, and of a
    thousand clients some would wait half a minute for a server that was away
    for two seconds. `tries` 0 means for ever; `failed` counts them.
    """

    __slots__ = ("_cap", "_draw", "_first", "_tries", "_waited", "attempts",
                 "failed")  # fmt: skip

    def __init__(
        self,
        first: float,
        cap: float,
        tries: int,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._first = first
        self._cap = cap
        self._tries = tries
        self._draw = draw
        self._waited = 0.0
        self.attempts = 0
        self.failed = 0

    def succeeded(self) -> None:
        """The last attempt made a connection, though a short one: tries are
        counted anew, pauses go on to grow."""
        self.failed = 0

    def next(self) -> float | None:
        """Seconds to wait before the next attempt; None: no more of them."""
        if self._tries and self.failed >= self._tries:
            return None
        # 2**63 seconds is past any cap: the exponent needs no more.
        reach = min(
            self._cap,
            self._first * 2.0 ** min(self.attempts, 63),
            self._first + 2 * self._waited,
        )
        self.attempts += 1
        self.failed += 1
        delay = self._draw() * reach
        self._waited += delay
        return delay
