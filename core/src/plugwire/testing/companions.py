"""What stands beside the plugin that a suite tests: the plainest of each kind.

The kit cannot count on another distribution, so it brings a codec, a queue
and a gate of its own. They are for the kit alone, and carry no more than it
says.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from plugwire.errors import MessageError
from plugwire.framing import LineSplitter
from plugwire.hookspecs import hookimpl
from plugwire.interfaces import DecoderFactory, Kept, Peer
from plugwire.message import Message
from plugwire.values import check_received, check_received_name

SHELF = 1000
"""Messages that the kit's queue keeps at most: more than any check says."""


class Lines:
    """A codec: JSON, one object a line."""

    @hookimpl
    def encode(self, max_message_bytes: int) -> LinesEncoder:
        """An encoder of lines."""
        return LinesEncoder(max_message_bytes)

    @hookimpl
    def decode(self, max_message_bytes: int) -> DecoderFactory:
        """What makes their decoders."""
        return lambda: LinesDecoder(max_message_bytes)


class LinesEncoder:
    """Of what JSON has no word for it says so."""

    format = "kit"
    lines = True

    def __init__(self, limit: int) -> None:
        self._limit = limit

    def encode(self, message: Message) -> bytes:
        """One line, without its end."""
        try:
            body = msgspec.json.encode(message)
        except (ValueError, TypeError, RecursionError) as error:
            raise MessageError(f"cannot be sent: {error}") from None
        if len(body) > self._limit:
            raise MessageError(f"{len(body)} bytes, over {self._limit}")
        return body

    def frame(self, bodies: Sequence[bytes]) -> bytes:
        """`bodies`, a line each."""
        return b"\n".join(bodies) + b"\n"


class LinesDecoder:
    """`taken` counts the bytes that it was fed."""

    def __init__(self, limit: int) -> None:
        self._split = LineSplitter(limit)
        self.taken = 0

    def feed(self, data: bytes) -> list[Message]:
        """The messages of the lines that are whole."""
        self.taken += len(data)
        return [self._line(line) for line in self._split.feed(data)]

    def _line(self, line: bytes) -> Message:
        try:
            message = msgspec.json.decode(line, type=Message)
        except (ValueError, RecursionError) as error:
            raise MessageError(f"no message: {error!s:.200}") from None
        check_received_name(message.event_name)
        check_received(message.data)
        return message


class Shelf:
    """A queue: what nobody heard, each for one newcomer."""

    @hookimpl
    def queue(self) -> ShelfQueue:
        """An empty one."""
        return ShelfQueue()


class ShelfQueue:
    """Lets the oldest go past `SHELF` messages."""

    def __init__(self) -> None:
        self._wait: deque[Kept] = deque()
        self._out: list[Kept] = []

    def wants(self, joined: int) -> bool:
        """While nobody is there."""
        return joined == 0

    def offer(self, item: Kept, joined: int) -> int:
        """Keep it while nobody is there."""
        if joined:
            return 0
        self._wait.append(item)
        if len(self) <= SHELF:
            return 0
        self._wait.popleft()
        return 1

    def preface(
        self, joined: int, since: int | None, now: float
    ) -> Sequence[Kept]:
        """All that was not seen."""
        del joined, now
        seen = -1 if since is None else since
        given = [item for item in self._wait if item.seq > seen]
        self._wait = deque(item for item in self._wait if item.seq <= seen)
        self._out += given
        return given

    def handed(self, item: Kept) -> None:
        """It is out."""
        if item in self._out:
            self._out.remove(item)

    def returned(self, items: Sequence[Kept]) -> None:
        """They wait again."""
        back = [item for item in items if item in self._out]
        self._out = [item for item in self._out if item not in back]
        whole = sorted([*back, *self._wait], key=lambda item: item.seq)
        self._wait = deque(whole)

    def clear(self) -> int:
        """Forget all."""
        count = len(self._wait)
        self._wait.clear()
        self._out.clear()
        return count

    def __len__(self) -> int:
        """Waiting, or being handed."""
        return len(self._wait) + len(self._out)


class Welcoming:
    """A permission: whoever comes is in."""

    def __init__(self, name: str = "kit") -> None:
        self.gate = OpenGate(name)

    @hookimpl
    def accept(self) -> OpenGate:
        """Its gate."""
        return self.gate


class OpenGate:
    """Admits every peer, believes every server, and proves nothing."""

    needs_proof = False

    def __init__(self, name: str) -> None:
        self.name = name

    def prepare(self) -> None:
        """There is nothing to make."""

    def admit(self, *_: Peer | Mapping[str, Any]) -> None:
        """Whoever it is."""

    def prove(self, *_: Peer | Mapping[str, Any]) -> None:
        """Without a word."""

    def confirm(self, *_: Peer | Mapping[str, Any]) -> None:
        """Whoever serves."""
