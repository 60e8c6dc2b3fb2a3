"""Waiting for one's turn: what `threading.Condition` does, with bare locks.

A condition's `__enter__` is Python code, in the middle of which a signal's
handler may raise and leave the lock held for ever. A lock's is not.
"""

from __future__ import annotations

import threading
import time

AT_ONCE = 0.0
"""A deadline that has passed: do what needs no waiting."""


def deadline_in(seconds: float | None) -> float | None:
    """The moment in so many seconds; None for never."""
    return None if seconds is None else time.monotonic() + seconds


def left_until(deadline: float | None) -> float | None:
    """Seconds until `deadline`, not below 0; None for ever."""
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    return left if left > 0.0 else 0.0


def is_past(deadline: float | None) -> bool:
    """Whether `deadline` has come."""
    return deadline is not None and time.monotonic() >= deadline


def earlier(one: float | None, other: float | None) -> float | None:
    """The deadline that comes first."""
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


class Turn:
    """One thread that waits until others wake it.

    `wake` and `rearm` are called under the lock of what is waited for,
    `wait` outside it. `thread` is who waits.
    """

    __slots__ = ("_gate", "thread", "woken")

    def __init__(self) -> None:
        self._gate = threading.Lock()
        self._gate.acquire()
        self.thread = threading.get_ident()
        self.woken = False

    def wake(self) -> None:
        """Let `wait` return, now or when it is called."""
        if not self.woken:
            self.woken = True
            self._gate.release()

    def wait(self, deadline: float | None) -> None:
        """Return when woken, or at `deadline` (monotonic seconds)."""
        left = left_until(deadline)
        if left is None:
            self._gate.acquire()
        else:
            self._gate.acquire(timeout=min(left, threading.TIMEOUT_MAX))

    def rearm(self) -> None:
        """Make it wait again."""
        if self.woken:
            # Free where the deadline came before the wake-up.
            self._gate.acquire(blocking=False)
            self.woken = False
