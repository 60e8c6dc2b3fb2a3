"""What a client has received, and who waits for it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from plugwire.buffer import Buffer
from plugwire.errors import ConnectionClosed, PlugwireError
from plugwire.message import Message


class Mailbox:
    """A `Buffer` that tasks can wait at.

    `hold` and `resume` are called when it is full and when half of it is
    room again: the client stops and resumes reading. `end` is why nothing
    more comes, or None.
    """

    def __init__(
        self,
        buffer: Buffer,
        hold: Callable[[], None],
        resume: Callable[[], None],
    ) -> None:
        self._buffer = buffer
        self._hold = hold
        self._resume = resume
        self._waiting: deque[asyncio.Future[None]] = deque()
        self.is_held = False
        self.end: PlugwireError | None = ConnectionClosed(
            "not connected: connect() first"
        )

    def __len__(self) -> int:
        return len(self._buffer)

    def put(self, messages: Sequence[Message], size: int) -> None:
        """Add what one read of `size` bytes brought."""
        self._buffer.put(messages, size)
        if self._buffer.is_full and not self.is_held:
            self.is_held = True
            self._hold()
        if self._waiting:
            self._wake()

    def take(self) -> Message | None:
        """The oldest message, or None."""
        message = self._buffer.take()
        if self.is_held and self._buffer.has_room:
            self.is_held = False
            self._resume()
        return message

    async def wait(self) -> Message:
        """The oldest message once there is one; raises `end`. Cancelling it
        loses nothing."""
        while True:
            message = self.take()
            if message is not None:
                if len(self._buffer):
                    self._wake()
                return message
            if self.end is not None:
                raise self.end.with_traceback(None)
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._wake()
                raise
            finally:
                if turn in self._waiting:
                    self._waiting.remove(turn)

    def finish(self, end: PlugwireError) -> None:
        """Nothing more comes: tell everyone who waits."""
        self.end = end
        while self._waiting:
            self._wake()

    def _wake(self) -> None:
        """Wake one who waits."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
