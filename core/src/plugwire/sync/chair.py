"""Who reads for all, and who waits meanwhile.

One thread is in the chair: it does the I/O. The others wait for what they
came for, or for the chair.
"""

from __future__ import annotations

import threading
from collections import deque

from plugwire.sync.link import Link
from plugwire.sync.turns import Turn


class Chair:
    """A seat for one, and two queues beside it.

    `link` is what who sits there reads from, or None. `receivers` wait for a
    message, `others` for the chair or for an answer. All but `wait` is
    called under `lock`.
    """

    __slots__ = ("link", "lock", "others", "receivers", "sitter")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.sitter = 0
        self.link: Link | None = None
        self.receivers: deque[Turn] = deque()
        self.others: deque[Turn] = deque()

    def sit(self, link: Link | None) -> None:
        """Take the chair, which is free, to read from `link`."""
        self.sitter = threading.get_ident()
        self.link = link
        if link is not None:
            link.enter()

    def leave(self) -> None:
        """Leave it free."""
        link, self.link = self.link, None
        self.sitter = 0
        if link is not None:
            link.leave()

    @property
    def is_taken(self) -> bool:
        """Whether somebody sits there."""
        return self.sitter != 0

    @property
    def is_mine(self) -> bool:
        """Whether the calling thread sits there."""
        return self.sitter == threading.get_ident()

    def queue(self, queue: deque[Turn], turn: Turn) -> None:
        """Let `turn` wait from now on."""
        turn.rearm()
        queue.append(turn)

    def wake_one(self, queue: deque[Turn]) -> None:
        """Wake who waits longest in `queue`, if anybody does."""
        if queue:
            queue.popleft().wake()

    def wake(self, turn: Turn) -> None:
        """Wake this one of the others, if it waits."""
        if turn in self.others:
            self.others.remove(turn)
            turn.wake()

    def wake_all(self) -> None:
        """Wake everybody."""
        for queue in (self.receivers, self.others):
            while queue:
                queue.popleft().wake()

    def wait(
        self, queue: deque[Turn], turn: Turn, deadline: float | None
    ) -> None:
        """Wait in `queue`, where `turn` was put, until woken or `deadline`."""
        try:
            turn.wait(deadline)
        finally:
            with self.lock:
                if turn in queue:
                    queue.remove(turn)
