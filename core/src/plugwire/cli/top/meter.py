"""How fast messages come, and how late."""

from __future__ import annotations

from dataclasses import dataclass

SLOT = 0.1
"""Seconds that are counted together."""
SLOTS = 50
"""Slots that are kept: readings are over the last five seconds."""


@dataclass(frozen=True, slots=True)
class Reading:
    """`rate` in messages a second, `bytes` a second, `worst` lag in
    milliseconds or None where no message told it."""

    rate: float
    bytes: float
    worst: int | None


@dataclass(slots=True)
class _Slot:
    number: int = -1
    messages: int = 0
    bytes: int = 0
    worst: int | None = None


class Meter:
    """Counts into a ring of slots: as small at a million messages a second
    as at one. `now` is in seconds of any steady clock."""

    def __init__(self) -> None:
        self._ring = [_Slot() for _ in range(SLOTS)]
        self._began: float | None = None

    def message(self, now: float, lag: int) -> None:
        """Count a message that came `lag` milliseconds after it was made."""
        slot = self._slot(now)
        slot.messages += 1
        if slot.worst is None or lag > slot.worst:
            slot.worst = lag

    def size(self, now: float, size: int) -> None:
        """Count `size` bytes."""
        self._slot(now).bytes += size

    def _slot(self, now: float) -> _Slot:
        if self._began is None:
            self._began = now
        number = int(now / SLOT)
        slot = self._ring[number % SLOTS]
        if slot.number != number:
            slot = self._ring[number % SLOTS] = _Slot(number)
        return slot

    def read(self, now: float) -> Reading:
        """The last seconds."""
        oldest = int(now / SLOT) - SLOTS + 1
        slots = [slot for slot in self._ring if slot.number >= oldest]
        began = now if self._began is None else self._began
        # Less than a second is no base for a rate by the second.
        seconds = max(1.0, now - max(began, oldest * SLOT))
        lags = [slot.worst for slot in slots if slot.worst is not None]
        return Reading(
            sum(slot.messages for slot in slots) / seconds,
            sum(slot.bytes for slot in slots) / seconds,
            max(lags, default=None),
        )
