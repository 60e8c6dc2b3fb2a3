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

    A signal's handler may raise behind any call, under the lock too. What
    was half done then is done again by `leave` and `withdraw`, and a turn
    is woken before it is taken out of its queue: woken twice does no harm,
    forgotten it would wait for ever.
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
        if self.sitter:
            self.leave()
        self.sitter = mine = threading.get_ident()
        self.link = link
        if link is not None:
            link.users.add(mine)

    def leave(self) -> None:
        """Leave it free."""
        if self.link is not None:
            self.link.leave()
        self.link = None
        self.sitter = 0

    @property
    def is_taken(self) -> bool:
        """Whether somebody else sits there.

        Nobody looks who sits there, the one aside that was interrupted
        twice, in leaving too: it is to sit down anew.
        """
        return self.sitter != 0 and not self.is_mine

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
        while queue:
            turn = queue[0]
            was_woken = turn.woken
            turn.wake()
            queue.popleft()
            if not was_woken:
                return

    def wake(self, turn: Turn) -> None:
        """Wake this one of the others, if it waits."""
        if turn in self.others:
            turn.wake()
            self.others.remove(turn)

    def wake_all(self) -> None:
        """Wake everybody."""
        self.wake_queue(self.receivers)
        self.wake_queue(self.others)

    def wake_queue(self, queue: deque[Turn]) -> None:
        """Wake all that wait in `queue`."""
        while queue:
            self.wake_one(queue)

    def withdraw(self) -> None:
        """Take the calling thread out of both queues."""
        mine = threading.get_ident()
        for queue in (self.receivers, self.others):
            for turn in tuple(queue):
                if turn.thread == mine:
                    queue.remove(turn)

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
