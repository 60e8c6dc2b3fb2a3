"""The layers of a pipeline, counted."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from plugwire.interfaces import (
    ALLOW,
    Check,
    Decoder,
    Deny,
    Encoder,
    Kept,
    Peer,
    Queue,
    Subject,
    Verb,
    Verdict,
)
from plugwire.message import Message
from plugwire_metrics.tally import Denials, Flow, Keeping

MAX_LATENCY = 86_400.0
"""Seconds: the timestamp is the peer's word, and one of the year 9999 would
spoil every sum."""

Record: TypeAlias = Callable[[float], None]


class Stopwatch:
    """Records how old messages are, so often a second at most.

    In seconds, from the timestamp in the message to its arrival: two clocks,
    where the ends are on two machines. One that seems to come from the
    future counts as 0.
    """

    __slots__ = ("_next", "_pause", "_record")

    def __init__(self, per_second: int, record: Record) -> None:
        self._pause = 1 / per_second
        self._record = record
        self._next = 0.0

    def look(self, message: Message) -> None:
        """Record the age of `message`, unless that was done just now."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + self._pause
            age = time.time() - message.timestamp_ms / 1000
            self._record(min(max(age, 0.0), MAX_LATENCY))


class CountingEncoder:
    """Encodes as `encoder` does, and counts messages and frames' bytes."""

    __slots__ = ("_encode", "_flow", "_frame", "format", "lines")

    def __init__(self, encoder: Encoder, flow: Flow) -> None:
        self.format = encoder.format
        self.lines = encoder.lines
        self._encode = encoder.encode
        self._frame = encoder.frame
        self._flow = flow

    def encode(self, message: Message) -> bytes:
        """The encoder's body; one that cannot be made is not counted."""
        body = self._encode(message)
        self._flow.message(message)
        return body

    def frame(self, bodies: Sequence[bytes]) -> bytes:
        """The encoder's frame."""
        frame = self._frame(bodies)
        self._flow.frame(len(frame))
        return frame


class CountingDecoder:
    """Decodes as `decoder` does, and counts messages and bytes; of each read
    the first message, which is the oldest, is looked at for its age."""

    __slots__ = ("_decoder", "_feed", "_flow", "_watch")

    def __init__(
        self, decoder: Decoder, flow: Flow, watch: Stopwatch | None
    ) -> None:
        self._decoder = decoder
        self._feed = decoder.feed
        self._flow = flow
        self._watch = watch

    def feed(self, data: bytes) -> list[Message]:
        """The decoder's messages; bytes that are none are not counted."""
        messages = self._feed(data)
        self._flow.read(messages, len(data))
        if messages and self._watch is not None:
            self._watch.look(messages[0])
        return messages

    def __getattr__(self, name: str) -> Any:
        """What only some decoders have, such as `unpacked`."""
        return getattr(self._decoder, name)


def counting(check: Check, denials: Denials) -> Check:
    """`check`, its answers unchanged, and each that is not ALLOW counted: it
    denies, be it an exception."""

    def checked(peer: Peer, verb: Verb, subject: Subject) -> Verdict | Deny:
        verdict: Verdict | Deny | None = None
        try:
            verdict = check(peer, verb, subject)
        finally:
            if verdict is not ALLOW:
                denials.deny(verb)
        return verdict

    return checked


class CountingQueue:
    """Keeps as `queue` does, and tells how many it keeps and has lost."""

    __slots__ = ("_keeping", "_queue", "preface", "wants")

    def __init__(self, queue: Queue, keeping: Keeping) -> None:
        self._queue = queue
        self._keeping = keeping
        # Nothing to count; and `wants` is called for each broadcast.
        self.wants = queue.wants
        self.preface = queue.preface

    def offer(self, item: Kept, joined: int) -> int:
        """The queue's, what it lost counted."""
        lost = self._queue.offer(item, joined)
        self._keeping.lose(lost)
        self._keeping.kept = len(self._queue)
        return lost

    def handed(self, item: Kept) -> None:
        """The queue's."""
        self._queue.handed(item)
        self._keeping.kept = len(self._queue)

    def returned(self, items: Sequence[Kept]) -> None:
        """The queue's."""
        self._queue.returned(items)
        self._keeping.kept = len(self._queue)

    def clear(self) -> int:
        """The queue's; what is let go so was meant to."""
        count = self._queue.clear()
        self._keeping.kept = len(self._queue)
        return count

    def __len__(self) -> int:
        return len(self._queue)
