"""The way out to one client: straight into the transport, or by an outbox.

The transport's own buffer is set to hold nothing (high-water mark 0), so
that it pauses as soon as the kernel takes no more; what is written then is
the rest of one frame at most. From there on everything waits here, where it
is counted, until the transport resumes.

While the transport holds nothing a frame goes straight to its socket, where
there is one: the transport would do just that, at half the price of what a
client costs. What the kernel leaves, and every error, is the transport's.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from plugwire import rooms
from plugwire.encoders import failure, framed, lean
from plugwire.errors import MessageError
from plugwire.framing import LARGE, MAX_FRAME_MESSAGES, TICK_BYTES
from plugwire.interfaces import Encoder, Kept
from plugwire.outbox import Full, Outbox, Share
from plugwire.sockets import gathering


class Keeper(Protocol):
    """What an outlet tells its connection."""

    def make_outbox(self) -> Outbox:
        """An outbox of this door's policy."""

    def cramped(self, size: int) -> None:
        """The kernel had no room for all of a large frame of `size` bytes;
        the rest is tried once more."""

    def lagging(self) -> None:
        """The kernel takes no more for now."""

    def moved(self) -> None:
        """The kernel has taken something that had been waiting."""

    def overfull(self) -> None:
        """The outbox is full, and the policy is to let the client go."""

    def unframed(self, error: MessageError) -> None:
        """The codec cannot frame what is to be written."""

    def dropped(self, count: int) -> None:
        """`count` messages were dropped for it."""

    def handed(self, item: Kept) -> None:
        """A kept message is in the kernel."""

    def emptied(self) -> None:
        """All that was to be written is in the kernel."""


class Outlet:
    """Writes one client's frames, in order, with a bound on what waits.

    `lane_index` says which of a kept message's bodies is this client's, and
    `send` is that of the transport's socket, or None.
    """

    __slots__ = ("_encoder", "_keeper", "_lane_index", "_outbox", "_paused",
                 "_preface", "_send", "_sending", "_transport",
                 "is_lagging")  # fmt: skip

    def __init__(
        self,
        transport: asyncio.WriteTransport,
        encoder: Encoder,
        lane_index: int,
        keeper: Keeper,
        send: Callable[[bytes], int] | None,
    ) -> None:
        self._transport = transport
        self._send = send
        self._encoder = encoder
        self._lane_index = lane_index
        self._keeper = keeper
        self._paused = False
        self._outbox: Outbox | None = None
        self._preface: deque[Kept] | None = None
        self._sending: tuple[Kept, ...] = ()
        self.is_lagging = False

    @property
    def queued(self) -> int:
        """Messages that wait here, those that a queue hands over aside."""
        return self._outbox.messages if self._outbox else 0

    @property
    def queued_bytes(self) -> int:
        """Their bytes."""
        return self._outbox.bytes if self._outbox else 0

    @property
    def unsent_bytes(self) -> int:
        """Bytes of the frame begun that the kernel has not taken."""
        return self._transport.get_write_buffer_size()

    def deliver(self, share: Share) -> bool:
        """Write `share` or queue it; false where it did not fit or could not
        be framed, and the keeper was told."""
        if not self.is_lagging:
            frame = share.frame
            if frame is None:
                bodies = share.bodies
                try:
                    if len(bodies[0]) > LARGE and self._write_apart(bodies):
                        return True
                    frame = share.frame = framed(self._encoder, bodies)
                except MessageError as error:
                    self._keeper.unframed(error)
                    return False
            send = self._send
            if send is None:
                self._write(frame)
                return True
            try:
                sent = send(frame)
            except OSError:
                sent = 0  # the transport meets it too, and deals with it
            if sent != len(frame):
                self._write_rest(frame, sent)
            return True
        if self._outbox is None:
            self._outbox = self._keeper.make_outbox()
        try:
            dropped = self._outbox.put(share)
        except Full:
            self._keeper.overfull()
            return False
        if dropped:
            self._keeper.dropped(dropped)
        return True

    def _write_apart(self, bodies: Sequence[bytes]) -> bool:
        """Write the frame of one large message without a copy of it; false
        where that cannot be done, and nothing was written. Raises
        `MessageError` before it writes."""
        make_head = lean(self._encoder)
        send = gathering(self._send)
        if len(bodies) != 1 or make_head is None or send is None:
            return False
        rooms.keep_memory()
        (body,) = bodies
        try:
            head = make_head(body)
        except MessageError:
            raise
        except Exception as error:
            raise failure(self._encoder, error) from error
        try:
            sent = send((head, body))
        except OSError:
            sent = 0  # see `deliver`
        if sent < len(head):
            self._write(head[sent:])
            sent = len(head)
        if sent != len(head) + len(body):
            self._write_rest(body, sent - len(head))
        return True

    def _write_rest(self, frame: bytes, sent: int) -> None:
        if sent and len(frame) > LARGE:
            self._keeper.cramped(len(frame))
        self._write(memoryview(frame)[sent:])

    def _write(self, frame: bytes | memoryview) -> None:
        # One that has just broken would log each write in vain, until the
        # loop tells of its end.
        if not self._transport.is_closing():
            self._transport.write(frame)

    def relieve(self, excess: int) -> None:
        """All outboxes together hold `excess` bytes too much, and this one
        holds the most."""
        if self._outbox is None:
            return
        try:
            dropped = self._outbox.relieve(excess)
        except Full:
            self._keeper.overfull()
            return
        self._keeper.dropped(dropped)

    def preface(self, items: Iterable[Kept]) -> None:
        """Hand over `items` before anything else, as the socket drains."""
        # An empty one would be three quarters of a KiB for every client.
        self._preface = deque(items) or None
        if self._preface:
            self.is_lagging = True
            self._keeper.lagging()
            self._pump()

    def pause(self) -> None:
        """The transport's `pause_writing`."""
        self._paused = True
        if not self.is_lagging:
            self.is_lagging = True
            self._keeper.lagging()

    def resume(self) -> None:
        """The transport's `resume_writing`: all that was written is out."""
        self._paused = False
        self._pump()
        self._keeper.moved()

    def _pump(self) -> None:
        while not self._paused:
            self._all_handed()
            try:
                bodies = self._next_bodies()
                if bodies and (
                    len(bodies[0]) <= LARGE or not self._write_apart(bodies)
                ):
                    self._transport.write(framed(self._encoder, bodies))
            except MessageError as error:
                self._keeper.unframed(error)
                return
            if not bodies:
                self.is_lagging = False
                self._keeper.emptied()
                return
            if self._transport.is_closing():
                # The peer has gone: what was written went nowhere.
                return

    def _next_bodies(self) -> list[bytes]:
        if self._preface:
            batch, bodies = self._next_kept(self._preface)
            self._sending = batch
            return bodies
        self._preface = None
        bodies = self._outbox.take() if self._outbox is not None else []
        if not bodies:
            self._outbox = None
        return bodies

    def _next_kept(
        self, preface: deque[Kept]
    ) -> tuple[tuple[Kept, ...], list[bytes]]:
        batch: list[Kept] = []
        bodies: list[bytes] = []
        size = 0
        while preface and len(bodies) < MAX_FRAME_MESSAGES:
            body = preface[0].bodies[self._lane_index]
            assert body is not None, "the preface was chosen for this lane"
            if bodies and size + len(body) > TICK_BYTES:
                break
            batch.append(preface.popleft())
            bodies.append(body)
            size += len(body)
        return tuple(batch), bodies

    def _all_handed(self) -> None:
        """What was written is in the kernel: it need not be kept."""
        sending, self._sending = self._sending, ()
        for item in sending:
            self._keeper.handed(item)

    def close(self) -> tuple[list[Kept], int]:
        """The connection is over: the kept messages that were not handed
        over, and how many others are lost with the outbox."""
        left = [*self._sending, *(self._preface or ())]
        self._sending, self._preface = (), None
        lost = self._outbox.clear() if self._outbox is not None else 0
        self._outbox = None
        return left, lost
