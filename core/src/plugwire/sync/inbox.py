"""What a blocking client has received, where several threads take of it."""

from __future__ import annotations

from plugwire.buffer import Buffer
from plugwire.message import Message


class Inbox(Buffer):
    """A buffer whose `head` any thread may pop from, without a lock.

    Popping is one step: no two threads have the same message, and whoever
    comes too late meets an `IndexError`. What is left behind, an oldest read
    without messages, is let go by the next `take` or `settle`; these and all
    the rest are called under the lock.
    """

    __slots__ = ()

    def take(self) -> Message | None:
        """The oldest message, or None."""
        while self.reads:
            self.head = messages = self.reads[0][0]
            try:
                message = messages.popleft()
            except IndexError:
                self.settle()
            else:
                if not messages:
                    self.settle()
                return message
        return None

    def settle(self) -> None:
        """Let go of the oldest read, where its last message was taken. No
        other one is without: it is the head only once that is gone."""
        if self.reads and not self.reads[0][0]:
            _, count, size = self.reads[0]
            # Of these three only the last is a call, as in `put`.
            self._count -= count
            self._bytes -= size
            self.reads.popleft()
