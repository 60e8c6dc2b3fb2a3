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
    last message is taken.
    """

    __slots__ = ("_bytes", "_max_bytes", "_max_messages", "_messages",
                 "_reads")  # fmt: skip

    def __init__(self, max_messages: int, max_bytes: int) -> None:
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._messages: deque[Message] = deque()
        self._reads: deque[list[int]] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def is_full(self) -> bool:
        """At a limit: read no more."""
        return (
            len(self._messages) >= self._max_messages
            or self._bytes >= self._max_bytes
        )

    @property
    def has_room(self) -> bool:
        """Under half of both limits: read again."""
        return (
            len(self._messages) * 2 <= self._max_messages
            and self._bytes * 2 <= self._max_bytes
        )

    def put(self, messages: Sequence[Message], size: int) -> None:
        """Add what one read of `size` bytes brought."""
        if messages:
            self._messages.extend(messages)
            self._reads.append([len(messages), size])
            self._bytes += size

    def take(self) -> Message | None:
        """The oldest message, or None."""
        if not self._messages:
            return None
        read = self._reads[0]
        read[0] -= 1
        if not read[0]:
            self._bytes -= read[1]
            self._reads.popleft()
        return self._messages.popleft()
