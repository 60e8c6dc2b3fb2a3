"""The values of an event by name, with the numbers' recent history."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from plugwire.cli.top.figures import Value

MAX_ROWS = 200
"""Names that are kept: five screens of them."""
WINDOW = 600
"""Samples that are kept of each number: a minute at ten a second."""
STALE = 100
"""Messages without a name after which its row is shown as old, and makes
room for a new name where there is none."""


class Row:
    """One name: its latest `value`, and of numbers the `history`.

    `samples` counts the numbers ever seen; `seen` is the board's count at the
    latest value, `changed` the time in seconds at which a text last became
    another; `is_whole` until a number with a fraction came.
    """

    __slots__ = (
        "changed", "history", "is_whole", "name", "samples", "seen", "value",
    )  # fmt: skip

    def __init__(self, name: str, now: float) -> None:
        self.name = name
        self.value: Value = ""
        self.history: deque[float] = deque(maxlen=WINDOW)
        self.samples = 0
        self.seen = 0
        self.changed = now
        self.is_whole = True

    def put(self, value: Value, seen: int, now: float) -> None:
        """Take the value of message number `seen`."""
        if isinstance(value, float):
            self.history.append(value)
            self.samples += 1
            if self.is_whole and not value.is_integer():
                self.is_whole = False
        elif value != self.value:
            self.changed = now
        self.value = value
        self.seen = seen

    def copy(self) -> Row:
        """A row of its own with the same content."""
        row = Row(self.name, self.changed)
        row.value, row.history = self.value, self.history.copy()
        row.samples, row.seen = self.samples, self.seen
        row.is_whole = self.is_whole
        return row


class Board:
    """All rows, in the order in which their names first came.

    `left_out` counts the values of the latest message that have no row.
    """

    def __init__(self) -> None:
        self.count = 0
        self.left_out = 0
        self._rows: dict[str, Row] = {}
        self._times: deque[float] = deque(maxlen=WINDOW)

    @property
    def rows(self) -> list[Row]:
        """The rows, from the oldest name to the newest."""
        return list(self._rows.values())

    def fold(
        self,
        values: Mapping[str, Value],
        left_out: int,
        now: float,
        made: float,
    ) -> None:
        """Take the values of one message, of which `left_out` more were not
        looked at; `now` in seconds of any steady clock, `made` in seconds of
        its sender's clock."""
        self.count += 1
        self._times.append(made)
        for name, value in values.items():
            row = self._rows.get(name) or self._begin(name, now)
            if row is None:
                left_out += 1
            else:
                row.put(value, self.count, now)
        self.left_out = left_out

    def _begin(self, name: str, now: float) -> Row | None:
        if len(self._rows) >= MAX_ROWS and not self._drop_stale():
            return None
        row = self._rows[name] = Row(name, now)
        return row

    def _drop_stale(self) -> bool:
        oldest = min(self._rows.values(), key=lambda row: row.seen)
        if not self.is_stale(oldest):
            return False
        del self._rows[oldest.name]
        return True

    def is_stale(self, row: Row) -> bool:
        """Whether the last `STALE` messages did not name it."""
        return self.count - row.seen >= STALE

    def span(self, samples: int) -> float:
        """Seconds from the making of the oldest of the last `samples`
        messages to that of the latest one."""
        samples = min(samples, len(self._times))
        if samples < 1:
            return 0.0
        return max(0.0, self._times[-1] - self._times[-samples])

    def copy(self) -> Board:
        """A board of its own with the same content."""
        board = Board()
        board.count, board.left_out = self.count, self.left_out
        board._rows = {name: row.copy() for name, row in self._rows.items()}
        board._times = self._times.copy()
        return board
