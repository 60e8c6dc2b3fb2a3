"""A blocking client's connection: handshake, then messages and questions."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Container
from typing import cast

from msgspec import Struct

from plugwire.errors import ConnectionClosed, PlugwireError
from plugwire.handshake import ClientHandshake
from plugwire.interfaces import DecoderFactory
from plugwire.message import Message, MessageType
from plugwire.protocol import (
    ClientEvent,
    ClientProtocol,
    Goodbye,
    ServerFacts,
    facts,
)
from plugwire.rooms import FEW_BYTES
from plugwire.sync.channel import Channel
from plugwire.sync.turns import Turn, left_until


class Link:
    """One connection.

    Only one thread at a time reads, only the one that holds `order` writes.
    `users` (the threads that are in a call on the socket) and `error`, why
    it is over, belong to the chair's lock. `chunks` is what was read and not
    yet decoded, `since` the monotonic time in seconds at which it joined,
    `looked` that at which all that had come was read, where it is known,
    `max_message_bytes` what the server takes, `can_send` whether it lets
    this client send.
    """

    def __init__(
        self,
        channel: Channel,
        handshake: ClientHandshake,
        decoder: DecoderFactory,
        types: Container[MessageType],
    ) -> None:
        self.channel = channel
        self.shake = handshake
        self._decoder = decoder
        self._types = types
        self._protocol: ClientProtocol | None = None
        self._goodbye: Goodbye | None = None
        self._answer = b""
        self.chunks: deque[bytes | int] = deque()
        self.order = threading.Lock()
        self.users: set[int] = set()
        self.error: ConnectionClosed | None = None
        self.since = 0.0
        self.looked = 0.0
        self.max_message_bytes = 0
        self.can_send = False
        self._last: tuple[list[int], int] | None = None

    def shake_hands(self, deadline: float | None) -> bool:
        """Shake hands until `deadline`: whether it has joined. Called again,
        it goes on. Raises what the handshake does, `ConnectionClosed` and
        `OSError`."""
        shake = self.shake
        while shake.joined is None or self._answer:
            if self._answer:
                if not self._write_answer(deadline):
                    return False
                continue
            if not self.channel.read(self.chunks, left_until(deadline)):
                return False
            data = cast("bytes", self.chunks.popleft())  # nothing lands yet
            if not data:
                raise ConnectionClosed("the server closed the connection")
            self._answer = shake.feed(data)
        self.since = time.monotonic()
        self.max_message_bytes = self.server.max_message_bytes
        self.can_send = shake.joined.can_send
        self._protocol = ClientProtocol(
            self._decoder(), shake.joined, self._types
        )
        if self._protocol.unpacker is None:
            self.channel.read_much()
        if shake.rest:
            self.chunks.append(shake.rest)
        return True

    def _write_answer(self, deadline: float | None) -> bool:
        written: list[int] = []
        view = memoryview(self._answer)
        if not self.channel.write(view, left_until(deadline), written):
            return False
        self._answer = self._answer[written[0] :]
        return True

    @property
    def server(self) -> ServerFacts:
        """What the server said of itself, once it has joined."""
        shake = self.shake
        assert shake.welcome is not None
        assert shake.joined is not None
        return facts(shake.welcome, shake.joined)

    @property
    def is_members(self) -> bool:
        """Whether broadcasts come over it, as they do not to a sender."""
        joined = self.shake.joined
        return joined is not None and joined.client_id is not None

    @property
    def seq(self) -> int:
        """The last broadcast to all that this link knows of."""
        return self._protocol.seq if self._protocol is not None else 0

    def digest(
        self, read: bytes | int
    ) -> tuple[list[Message], int, list[ClientEvent]]:
        """The application's messages that what the channel `read` completes,
        of how many bytes, and what else the server said. Raises
        `MessageError`, and `ConnectionClosed` for the end."""
        protocol = self._protocol
        assert protocol is not None, "shake hands first"
        landing = self.channel.landing
        if landing is not None and type(read) is int:
            read = cast("bytes", landing[:read])
        data = cast("bytes", read)
        if not data:
            if self._goodbye is None:
                raise ConnectionClosed("the server closed the connection")
            raise ConnectionClosed(
                self._goodbye.reason, final=self._goodbye.final
            )
        messages, events = protocol.feed(data), protocol.events
        if landing is not None or len(data) >= FEW_BYTES:
            roomy = protocol.roomy
            self.channel.landing = roomy.room() if roomy else None
        if events:
            protocol.events = []
            for event in events:
                if type(event) is Goodbye:
                    self._goodbye = event
        return messages, protocol.size, events

    def write(
        self, frame: bytes, deadline: float | None, written: list[int]
    ) -> bool:
        """Write all of `frame`, or what is left of it once `written` was;
        False when `deadline` came first. `written` sums up to what the
        kernel took, however it ends. Raises `OSError`."""
        self._last = written, len(frame)
        rest = memoryview(frame)[sum(written) :] if written else frame
        while True:
            left = left_until(deadline) if deadline else deadline
            if not self.channel.write(rest, left, written):
                return False
            if written[-1] == len(rest):
                self._last = None
                return True
            rest = memoryview(rest)[written[-1] :]

    @property
    def is_torn(self) -> bool:
        """Whether the last frame was begun and not finished. For who holds
        `order`."""
        if self._last is None:
            return False
        written, size = self._last
        return 0 < sum(written) < size

    # ------------------------------------------------- under the lock only

    def enter(self) -> None:
        """This thread is going to read or write."""
        self.users.add(threading.get_ident())

    def leave(self) -> None:
        """This thread reads or writes no more; the last one out of a link
        that is over closes it."""
        self.users.discard(threading.get_ident())
        if self.error is not None:
            self._close_if_empty()

    @property
    def has_guests(self) -> bool:
        """Whether a thread other than this one is in a call on it."""
        return bool(self.users - {threading.get_ident()})

    def end(self, error: ConnectionClosed) -> None:
        """It is over: who reads or writes returns."""
        if self.error is None:
            self.error = error
        self.channel.shut()  # again where an interruption was before it
        self._close_if_empty()

    def _close_if_empty(self) -> None:
        if not self.users:
            self.channel.close()


class Question(Struct, eq=False):
    """A request under way on `link`, and its answer; `turn` is who asked,
    where it waits and another one reads."""

    link: Link
    answer: Message | PlugwireError | None = None
    turn: Turn | None = None
