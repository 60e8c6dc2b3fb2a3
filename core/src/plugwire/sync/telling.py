"""A client's callbacks on threads: in order, one at a time."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from plugwire.aio.handlers import note


class Teller:
    """Keeps what is to be told until a thread has time to tell it.

    `add` may be called under a lock, `tell` never: a callback may call
    whatever it likes, the client's own methods too.
    """

    __slots__ = ("_telling", "_thread", "_waiting")

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, Callable[[], object]]] = deque()
        self._telling = threading.Lock()
        self._thread: int | None = None

    def add(self, name: str, call: Callable[[], object]) -> None:
        """Tell this behind what waits; `name` is for the log."""
        self._waiting.append((name, call))

    def tell(self) -> None:
        """Call what waits, unless somebody is at it."""
        while self._waiting:
            if not self._telling.acquire(blocking=False):
                return
            self._tell()

    def finish(self, timeout: float) -> None:
        """Return once all that waits was told, or after `timeout` seconds;
        at once in a callback."""
        if self._thread == threading.get_ident():
            return
        if self._telling.acquire(timeout=min(timeout, threading.TIMEOUT_MAX)):
            self._tell()

    def _tell(self) -> None:
        """Call what waits, with `_telling` held; it is free then."""
        try:
            self._thread = threading.get_ident()
            while self._waiting:
                name, call = self._waiting.popleft()
                try:
                    call()
                except Exception as error:
                    note(name, error)
        finally:
            self._thread = None
            self._telling.release()
