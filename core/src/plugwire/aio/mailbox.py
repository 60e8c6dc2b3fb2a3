"""What a client has received, and who waits for it."""

from __future__ import annotations

from asyncio import current_task
from collections import deque
from collections.abc import Callable, Generator
from types import coroutine
from typing import TypeAlias

from plugwire.aio.handover import Handover
from plugwire.buffer import Buffer
from plugwire.errors import ConnectionClosed, PlugwireError
from plugwire.message import Message

_Turn: TypeAlias = Handover[Message | None]
"""Given to one who waits: the message, or None where the buffer has it."""

_take = Buffer.take  # quicker than to ask super() for each message


class Mailbox(Buffer):
    """A buffer that tasks can wait at.

    `hold` and `resume` are called when it is full and when half of it is
    room again: the client stops and resumes reading. `end` is why nothing
    more comes, or None.
    """

    __slots__ = ("_hold", "_resume", "_spare", "_waiting", "end",
                 "is_held")  # fmt: skip

    def __init__(
        self,
        max_messages: int,
        max_bytes: int,
        hold: Callable[[], None],
        resume: Callable[[], None],
    ) -> None:
        super().__init__(max_messages, max_bytes)
        self._hold = hold
        self._resume = resume
        self._waiting: deque[_Turn] = deque()
        self._spare: _Turn | None = None
        self.is_held = False
        self.end: PlugwireError | None = ConnectionClosed(
            "not connected: connect() first"
        )

    def moved(self) -> None:
        """From now on it is waited at in this loop, maybe another one."""
        self._spare = None

    def deliver(self, messages: list[Message], size: int) -> None:
        """`put` and `hand_over`; one alone does not stand in the buffer
        where someone waits for it."""
        if self._waiting and len(messages) == 1 and not self.reads:
            turn = self._waiting[0]
            if turn.call is not None and current_task(turn.loop) is None:
                self._waiting.popleft()
                turn.step(messages[0])
                return
        self.put(messages, size)
        self.hand_over()

    def hand_over(self) -> None:
        """Have one who waits go on with what was put, before this returns;
        and hold, where it is too much all the same."""
        if self._waiting and not self.is_empty:
            turn = self._next()
            if turn is not None:
                turn.give(None)
        if not self.is_held and self.is_full:
            self.is_held = True
            self._hold()

    def take(self) -> Message | None:
        """The oldest message, or None."""
        message = _take(self)
        if self.is_held and self.has_room:
            self.is_held = False
            self._resume()
        return message

    @coroutine
    def wait(self) -> Generator[_Turn, None, Message]:
        """The oldest message once there is one, where `take` has just found
        none; raises `end`. Cancelling it loses nothing."""
        while True:
            if self.end is not None:
                raise self.end.with_traceback(None)
            turn = self._spare
            if turn is None:
                turn = Handover()
            else:
                self._spare = None
            self._waiting.append(turn)
            try:
                yield turn
            except BaseException:
                if turn in self._waiting:
                    self._waiting.remove(turn)
                elif not turn.cancelled():
                    self._wake()
                raise
            message, turn.value = turn.value, None  # as `take` does
            turn.is_done = False
            self._spare = turn
            if message is not None:
                return message
            message = self.take()
            if message is not None:
                if self._waiting and not self.is_empty:
                    self._wake()
                return message

    def finish(self, end: PlugwireError) -> None:
        """Nothing more comes: tell everyone who waits."""
        self.end = end
        while self._waiting:
            self._wake()

    def _wake(self) -> None:
        """Wake one who waits."""
        if (turn := self._next()) is not None:
            turn.set_result(None)

    def _next(self) -> _Turn | None:
        while self._waiting:
            turn = self._waiting.popleft()
            if turn.call is not None:  # else it was cancelled, and goes
                return turn
        return None
