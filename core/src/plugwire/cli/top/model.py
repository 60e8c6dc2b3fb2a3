"""All that `plugwire top` knows of an event, without any I/O."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from plugwire.cli.output import pairs
from plugwire.cli.top.board import Board
from plugwire.cli.top.figures import MAX_TEXT, figures
from plugwire.cli.top.meter import Meter
from plugwire.cli.top.roll import Roll
from plugwire.logs import clean
from plugwire.message import Message, MessageType

MAX_NOTES = 50
"""Notes that are kept; the last few are on screen."""
MAX_FOLDS = 100
"""Messages a second whose values are taken: more than can be seen. Of a
faster event all messages are counted, and the values of some are taken."""
CLOCK_SLACK = 50
"""Milliseconds that a message may come before it was made, as clocks that
are kept in step still differ; beyond them they are told to differ."""

Kind = Literal["connecting", "connected", "away", "ended"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How the connection stands, why, and since when (steady seconds)."""

    kind: Kind
    why: str
    since: float


@dataclass(frozen=True, slots=True)
class Note:
    """What happened, and when (seconds since 1970)."""

    at: float
    text: str
    is_bad: bool


class Model:
    """The state that is drawn. `changes` rises with each change of it.

    `now` is a steady clock and `wall` seconds since 1970. Not thread-safe.
    """

    def __init__(
        self,
        event: str,
        *,
        now: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.event = event
        self.now, self.wall = now, wall
        self.changes = 0
        self.board = Board()
        self.meter = Meter()
        self.notes: deque[Note] = deque(maxlen=MAX_NOTES)
        self.standing = Standing("connecting", "", now())
        self.door = self.codec = ""
        self.client_id: int | None = None
        self.messages = self.errors = self.kept = 0
        self.lag: int | None = None
        self.missed = 0
        self.unknown = 0
        """Gaps of which nobody knows how many messages they took."""
        self.roll = Roll()
        self.last_message: float | None = None
        self._folds = float(MAX_FOLDS)
        self._refilled = now()
        self._thinned: float | None = None

    # --------------------------------------------------------- connection

    def connected(self, door: str, codec: str, client_id: int | None) -> None:
        """It joined, for the first time or again."""
        again = self.standing.kind == "away"
        self.door, self.codec = door, codec
        self.client_id = client_id
        self.note(
            f"connected {'again ' if again else ''}to door {door} ({codec})"
        )
        self._stand("connected", "")

    def away(self, reason: str) -> None:
        """The connection was lost, and is being made again."""
        self.note(f"connection lost: {clean(reason)}", is_bad=True)
        self._stand("away", clean(reason))

    def ended(self, reason: str) -> None:
        """It is over for good."""
        self.note(f"ended: {clean(reason)}", is_bad=True)
        self._stand("ended", clean(reason))

    def _stand(self, kind: Kind, why: str) -> None:
        self.standing = Standing(kind, why, self.now())
        self.client_id = self.client_id if kind == "connected" else None
        self.changes += 1

    def gap(self, missed: int | None) -> None:
        """So many messages were lost for this client; None: nobody knows
        how many."""
        if missed is None:
            self.unknown += 1
            self.note(
                "missed an unknown number: the server was restarted",
                is_bad=True,
            )
        else:
            self.missed += missed
            self.note(
                f"missed {missed} message{'s' if missed != 1 else ''}",
                is_bad=True,
            )

    def note(self, text: str, *, is_bad: bool = False) -> None:
        """Something to tell; the caller has made it harmless."""
        self.notes.append(Note(self.wall(), text, is_bad))
        self.changes += 1

    def polled(self, roll: Roll) -> None:
        """What the server said of its clients, or why it did not."""
        self.roll = roll
        self.changes += 1

    # ----------------------------------------------------------- messages

    def size(self, size: int) -> None:
        """So many bytes of messages were read."""
        self.meter.size(self.now(), size)

    def received(self, message: Message) -> None:
        """Count `message`, and take its values."""
        now = self.now()
        self.changes += 1
        self.messages += 1
        self.last_message = now
        if message.kept:
            # It waited for us: its age is no lag, its coming no rate.
            self.kept += 1
        else:
            self.lag = int(self.wall() * 1000) - message.timestamp_ms
            self.meter.message(now, self.lag)
        if message.message_type is MessageType.ERROR:
            self.errors += 1
            words = pairs(message.data)[:MAX_TEXT]
            self.note(f"error message: {words}", is_bad=True)
        elif self._may_fold(now):
            values, left_out = figures(message.data)
            made = message.timestamp_ms / 1000
            self.board.fold(values, left_out, now, made)

    def _may_fold(self, now: float) -> bool:
        since, self._refilled = now - self._refilled, now
        self._folds = min(MAX_FOLDS, self._folds + since * MAX_FOLDS)
        if self._folds < 1:
            self._thinned = now
            return False
        self._folds -= 1
        return True

    @property
    def is_thinned(self) -> bool:
        """Whether values were passed over in the last second."""
        thinned = self._thinned
        return thinned is not None and self.now() - thinned < 1

    @property
    def clocks_differ(self) -> bool:
        """Whether the latest message came well before it was made."""
        return self.lag is not None and self.lag < -CLOCK_SLACK
