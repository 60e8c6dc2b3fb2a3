"""The record that every peer carries, and the check of what arrives."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

EVENT = "system_status"
STEP = 0.001
"""`load` is the sequence number times this, so that it tells a wrong one."""
WHOLE = 64
"""One message in so many is compared whole; all are by `seq` and `load`."""

Data = dict[str, Any]
Take = Callable[[Data], bool]


def data(seq: int) -> Data:
    """Eight floats and two ints; 252 to 256 bytes in MessagePack, with the
    fields around it."""
    return {
        "load": seq * STEP,
        "memory": 0.61,
        "thermal": 54.5,
        "latency": 1.25,
        "io": 0.125,
        "gpu": 0.33,
        "wakeups": 812.5,
        "pageins": 17.5,
        "tier": 1,
        "seq": seq,
    }


def bulk(seq: int, blob: bytes) -> Data:
    """What the record becomes for large payloads."""
    return {"seq": seq, "load": seq * STEP, "blob": blob}


def blob(size: int) -> bytes:
    """`size` bytes, no two halves alike."""
    return bytes(range(251)) * (size // 251) + bytes(size % 251)


class Stamps:
    """The two time stamps of a record; a second's text is made once."""

    def __init__(self) -> None:
        self._second = -1
        self._head = ""

    def __call__(self) -> tuple[int, str]:
        ms = time.time_ns() // 1_000_000
        second, rest = divmod(ms, 1000)
        if second != self._second:
            self._second = second
            self._head = datetime.fromtimestamp(second, UTC).isoformat()[:19]
        return ms, f"{self._head}.{rest:03d}+00:00"


_stamps = Stamps()


def record(content: Data) -> Data:
    """The whole record, as a peer that has no message of its own sends it."""
    ms, iso = _stamps()
    return {
        "event_name": EVENT,
        "timestamp_ms": ms,
        "timestamp_iso": iso,
        "message_type": "data",
        "data": content,
    }


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong on purpose, to see that the checks notice: the record
    number `seq` is left out (`drop`), comes behind the next one (`swap`),
    twice (`repeat`), or with another content (`corrupt`)."""

    kind: str = ""
    seq: int = -1


def series(
    count: int, size: int = 0, fault: Fault | None = None
) -> Iterator[Data]:
    """`count` records in order; with `size`, payloads of so many bytes."""
    payload = blob(size) if size else b""
    late: list[Data] = []
    for seq in range(count):
        content = bulk(seq, payload) if size else data(seq)
        if fault is not None and seq == fault.seq:
            if fault.kind == "drop":
                continue
            if fault.kind == "swap":
                late.append(content)
                continue
            if fault.kind == "repeat":
                yield content
            if fault.kind == "corrupt":
                content["load"] += 1.0
        yield content
        if late:
            yield late.pop()


class Checker:
    """Checks one client's messages: sequence and content of each.

    `take(data)` says whether that was the last one. `started` and `ended`
    are the moments of the first and the last, in nanoseconds of the
    machine's monotonic clock, which all processes share.
    """

    def __init__(self, count: int, size: int = 0) -> None:
        self.count = count
        self.disordered = 0
        self.wrong = 0
        self.ended = 0
        self._blob = blob(size) if size else None
        self._expected = 0
        self._missing: set[int] = set()
        self.take = self._make()

    def _make(self) -> Take:
        expected, last, step = 0, self.count - 1, STEP

        def take(content: Data) -> bool:
            nonlocal expected
            seq = content["seq"]
            if seq != expected:
                self._astray(seq, expected)
                if seq < expected:
                    return False
            if content["load"] != seq * step or (
                not seq % WHOLE and not self._is_whole(content)
            ):
                self.wrong += 1
            expected = self._expected = seq + 1
            if seq >= last:
                self.ended = time.monotonic_ns()
                return True
            return False

        return take

    def _astray(self, seq: int, expected: int) -> None:
        if seq > expected:
            self._missing.update(range(expected, seq))
        else:
            self.disordered += 1
            self._missing.discard(seq)

    def _is_whole(self, content: Data) -> bool:
        seq = content["seq"]
        if self._blob is None:
            return content == data(seq)
        return content == bulk(seq, self._blob)

    def report(self) -> dict[str, int]:
        """What was found; what never came is lost too."""
        return {
            "lost": len(self._missing) + self.count - self._expected,
            "disordered": self.disordered,
            "wrong": self.wrong,
            "ended": self.ended,
        }


class TimedChecker(Checker):
    """Notes the moment of each message as well."""

    def __init__(self, count: int, size: int = 0) -> None:
        super().__init__(count, size)
        self.moments: list[int] = []
        inner, note, now = self.take, self.moments.append, time.monotonic_ns

        def take(content: Data) -> bool:
            note(now())
            return inner(content)

        self.take = take
