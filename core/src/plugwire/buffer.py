"""What a client has received and not yet consumed; no I/O.

Bounded in messages and in bytes: at either limit the client stops reading,
so that the server's lag policy decides and nothing is dropped in silence.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from plugwire.message import Message


class Buffer:
    """Messages in the order in which they came.

    Bytes are counted a read at a time: those of a read are let go when its
    last message is taken. `KeyboardInterrupt`, wherever it is raised, leaves
    it in order: it may cost the one message that is just being taken.
    """

    __slots__ = ("_bytes", "_count", "_max_bytes", "_max_messages", "head",
                 "reads")  # fmt: skip

    def __init__(self, max_messages: int, max_bytes: int) -> None:
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self.reads: deque[tuple[deque[Message], int, int]] = deque()
        """Of each read the messages left, how many they were, the bytes; to
        be looked at alone. Empty where there is nothing to take."""
        self._count = 0
        self._bytes = 0
        self.head = _NOTHING
        """The oldest read's messages. All but its last may be taken from it,
        which is quicker than `take`."""

    def __len__(self) -> int:
        if not self.reads:
            return 0
        messages, count, _ = self.reads[0]
        return self._count - count + len(messages)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to take."""
        return not self.reads

    @property
    def is_full(self) -> bool:
        """At a limit: read no more."""
        return self._bytes >= self._max_bytes or (
            # As many at most; counting them takes longer.
            self._count >= self._max_messages
            and len(self) >= self._max_messages
        )

    @property
    def has_room(self) -> bool:
        """Under half of both limits: read again."""
        return (
            len(self) * 2 <= self._max_messages
            and self._bytes * 2 <= self._max_bytes
        )

    def put(self, messages: Sequence[Message], size: int) -> None:
        """Add what one read of `size` bytes brought."""
        if messages:
            count = len(messages)
            read = deque(messages), count, size
            # A signal's handler may raise behind any call: of these three
            # only the last is one.
            self._count += count
            self._bytes += size
            self.reads.append(read)

    def take(self) -> Message | None:
        """The oldest message, or None."""
        if len(self.head) > 1:
            return self.head.popleft()
        if not self.reads:
            return None
        messages, count, size = self.reads[0]
        if len(messages) > 1:
            self.head = messages
            return messages.popleft()
        message = messages[0]
        self._count -= count
        self._bytes -= size
        self.head = _NOTHING
        self.reads.popleft()
        return message

    def clear(self) -> None:
        """Hold nothing any more; nor does who has the `head` of before."""
        for messages, _, _ in self.reads:
            messages.clear()
        self.reads.clear()
        self.head = _NOTHING
        self._count = self._bytes = 0


_NOTHING: deque[Message] = deque(maxlen=0)
