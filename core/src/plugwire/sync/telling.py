"""A client's callbacks on threads: in order, one at a time."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from plugwire.logs import Limiter, note
from plugwire.standing import together
from plugwire.sync.backend import Callbacks


class Loss:
    """So many messages were missed, None where nobody knows: called, without
    `lock`, it tells `on_gap`. What is added before that, under `lock`, is
    told with it."""

    __slots__ = ("_callbacks", "_lock", "_missed")

    def __init__(
        self,
        callbacks: Callbacks,
        lock: threading.Lock,
        missed: int | None,
    ) -> None:
        self._callbacks = callbacks
        self._lock = lock
        self._missed = missed

    def add(self, missed: int | None) -> None:
        """Further ones were."""
        self._missed = together(self._missed, missed)

    def __call__(self) -> None:
        """Tell it."""
        with self._lock:
            missed = self._missed
        self._callbacks.on_gap(missed)


class Teller:
    """Keeps what is to be told until a thread has time to tell it.

    `add` may be called under a lock, `tell` never: a callback may call
    whatever it likes, the client's own methods too. `waiting` holds what is
    to be told, with a name for the log.
    """

    __slots__ = ("_limiter", "_telling", "_thread", "waiting")

    def __init__(self) -> None:
        self.waiting: deque[tuple[str, Callable[[], object]]] = deque()
        self._telling = threading.Lock()
        self._thread: int | None = None
        self._limiter = Limiter()  # a server has on_gap called at its will

    def add(self, name: str, call: Callable[[], object]) -> None:
        """Tell this behind what waits; `name` is for the log."""
        self.waiting.append((name, call))

    @property
    def has_news(self) -> bool:
        """Whether something waits to be told."""
        return bool(self.waiting)

    def tell(self) -> None:
        """Call what waits, unless somebody is at it."""
        while self.waiting:
            if not self._tell(0.0):
                return

    def finish(self, timeout: float) -> None:
        """Return once all that waits was told, or after `timeout` seconds;
        at once in a callback."""
        if self._thread != threading.get_ident():
            self._tell(min(timeout, threading.TIMEOUT_MAX))

    def _tell(self, patience: float) -> bool:
        """Call what waits; False where others were at it all the time."""
        held: list[bool] = []
        try:
            # Stored before a signal's handler can raise.
            held.extend(map(self._telling.acquire, (True,), (patience,)))
            if not held[0]:
                return False
            self._thread = threading.get_ident()
            # A call of its own: what a signal's handler raises where a loop
            # jumps back, in this very block, passes CPython 3.13's `finally`
            # by.
            self._tell_all()
            return True
        finally:
            # Nothing is called here before the release, for the same reason.
            if held and held[0]:
                self._thread = None
                self._telling.release()

    def _tell_all(self) -> None:
        while self.waiting:
            name, call = self.waiting.popleft()
            try:
                call()
            except Exception as error:
                note(name, error, self._limiter)
