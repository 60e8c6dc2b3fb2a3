"""What is counted, in plain numbers that are read when somebody collects.

To tell OpenTelemetry's SDK of each message would take several times as long
as the message. So these are added to, and its callbacks read them.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from plugwire.interfaces import Verb
from plugwire.message import DATA, Message, MessageType

Attributes: TypeAlias = Mapping[str, str | bool]


class Tally:
    """Numbers of one set of `attributes`; any thread may add to them."""

    def __init__(self, attributes: Attributes) -> None:
        self.attributes = attributes
        # A signal's handler may send where its thread is just counting.
        self._lock = threading.RLock()


class Flow(Tally):
    """Messages by type, and bytes, in one direction."""

    def __init__(self, attributes: Attributes) -> None:
        super().__init__(attributes)
        self.bytes = 0
        self.data = 0
        self.control = 0
        self.error = 0

    def frame(self, size: int) -> None:
        """Count `size` bytes."""
        with self._lock:
            self.bytes += size

    def message(self, message: Message) -> None:
        """Count one."""
        if message.message_type is DATA:
            with self._lock:
                self.data += 1
        else:
            self._others((message,))

    def read(self, messages: Sequence[Message], size: int) -> None:
        """Count a read of `size` bytes and what it completed."""
        # Enums hash in Python: told apart by identity they cost a tenth.
        others = [m for m in messages if m.message_type is not DATA]
        with self._lock:
            self.bytes += size
            self.data += len(messages) - len(others)
        if others:
            self._others(others)

    def types(self) -> tuple[tuple[str, int], ...]:
        """How many of each type."""
        return (
            (DATA.value, self.data),
            (MessageType.CONTROL.value, self.control),
            (MessageType.ERROR.value, self.error),
        )

    def _others(self, messages: Sequence[Message]) -> None:
        control = sum(m.message_type is MessageType.CONTROL for m in messages)
        with self._lock:
            self.control += control
            self.error += len(messages) - control


class Denials(Tally):
    """How often checks said no, by verb."""

    def __init__(self, attributes: Attributes) -> None:
        super().__init__(attributes)
        self.verbs: dict[Verb, int] = {}

    def deny(self, verb: Verb) -> None:
        """Count one."""
        with self._lock:
            self.verbs[verb] = self.verbs.get(verb, 0) + 1


class Keeping(Tally):
    """What a queue keeps now, and what it has lost."""

    def __init__(self, attributes: Attributes) -> None:
        super().__init__(attributes)
        self.kept = 0
        self.lost = 0

    def lose(self, count: int) -> None:
        """Count what was let go unseen."""
        with self._lock:
            self.lost += count
