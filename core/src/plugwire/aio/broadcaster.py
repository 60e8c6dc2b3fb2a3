"""What a server says: to all, to a session, to one; the tick and the queue.

Everything here belongs to the server's loop, but for `broadcast` and `send`:
called from another thread they encode there and leave the rest for the loop,
which is woken once for a batch. One lock gives all of them one order.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from threading import get_ident
from typing import Any, Protocol, TypeAlias
from zoneinfo import ZoneInfo

from plugwire.encoders import failure
from plugwire.errors import ConnectionClosed, MessageError
from plugwire.fanout import Lane, Seat
from plugwire.interfaces import Encoder, Kept, Queue
from plugwire.logs import Limiter, clean
from plugwire.message import DATA, Message, MessageType, Stamp
from plugwire.outbox import Mark
from plugwire.protocol import Messages, to_dict
from plugwire.registry import Registry
from plugwire.settings import Settings
from plugwire.stats import Stats

_NOBODY: frozenset[int] = frozenset()
_Said: TypeAlias = tuple[Stamp, dict[str, Any], int | None]
"""To many: the stamp, the data, and the number where it was to all."""


class Addressee(Protocol):
    """A connection that can be spoken to alone."""

    def demand_receive(self) -> None:
        """Raise `Denied` unless it may receive."""

    @property
    def lane(self) -> Lane:
        """That of its door."""

    def say(self, body: bytes, mark: Mark | None = None) -> None:
        """Owe it `body`."""


class Broadcaster:
    """Numbers, encodes and appends; writes the tick at the end of a turn.

    `weigh` is called after each tick, to keep all outboxes within bounds.
    """

    def __init__(
        self,
        event: str,
        settings: Settings,
        registry: Registry,
        queue: Queue,
        stats: Stats,
        limiter: Limiter,
        weigh: Callable[[], None],
    ) -> None:
        self._event = event
        self._registry = registry
        self._stats = stats
        self._limiter = limiter
        self._weigh = weigh
        self._loop = asyncio.get_running_loop()
        self._thread = get_ident()
        self._lock = threading.RLock()
        self._numbered = 0
        self._inbox: deque[Callable[[], None]] = deque()
        self._woken = False
        self._flush_set = False
        self._asked = -1
        self._wanted = False
        """What the queue said of an audience of `_asked` clients."""
        self.messages = Messages(event, ZoneInfo(settings.timezone))
        self._stamp = self.messages.stamp
        self.queue = queue
        self.lanes: list[Lane] = []
        self._only: Lane | None = None
        """The lane of a server that has one, as most have."""
        self.seq = 0
        """Of the last broadcast to all that is in the tick. Numbers given
        in other threads run ahead of it until the loop has caught up."""

    def add(self, lane: Lane) -> None:
        """Speak to the clients of `lane`, too; before the first of them."""
        self.lanes.append(lane)
        self._only = lane if len(self.lanes) == 1 else None

    # ------------------------------------------------------- any thread

    def broadcast(
        self,
        data: Mapping[str, Any],
        message_type: MessageType,
        event_name: str | None,
    ) -> int:
        """Say `data` to all, see `Server.broadcast`. From any thread."""
        with self._lock:
            if type(data) is not dict:
                data = to_dict(data)
            stamp = self._stamp(message_type, event_name)
            seq = self._numbered + 1
            only = self._only
            lane = only or self.lanes[0]
            try:
                first = lane.encode(stamp, data, seq)
            except MessageError:
                raise
            except Exception as error:
                raise failure(lane.encoder, error) from error
            audience = len(lane.seats) if only else self._hearing()
            if audience != self._asked:
                self._wanted = self.queue.wants(audience)
                self._asked = audience
            self._numbered = seq
            self._stats.broadcasts += 1
            mark: Mark | None = None
            if message_type is DATA:  # what may be dropped
                mark = stamp.event_name, seq
            if only is None or self._inbox or get_ident() != self._thread:
                said = stamp, data, seq
                self._say(said, first, mark, None, _NOBODY, self._wanted)
                return audience
            # `_apply` for the common case.
            self.seq = seq
            only.broadcast(first, mark)
            if self._wanted:
                self._keep(seq, (first,))
            if not self._flush_set:
                self.flush_soon()
        return audience

    def broadcast_to(
        self,
        data: Mapping[str, Any],
        message_type: MessageType,
        event_name: str | None,
        session: str | None,
        exclude: Iterable[int],
    ) -> int:
        """Say `data` to `session`, or to all but `exclude`, see
        `Server.broadcast`. From any thread."""
        without = frozenset(exclude)
        with self._lock:
            said = (
                self.messages.stamp(message_type, event_name),
                to_dict(data),
                None,
            )
            first = self._encoded(self.lanes[0], said)
            audience = self._audience(session, without)
            mark: Mark | None = None
            if message_type is DATA:
                mark = said[0].event_name, 0
            self._stats.broadcasts += 1
            self._say(said, first, mark, session, without, False)
        return audience

    def _say(
        self,
        said: _Said,
        first: bytes,
        mark: Mark | None,
        session: str | None,
        without: frozenset[int],
        keep: bool,
    ) -> None:
        """Encode what is `said` for the other lanes too, and apply it in the
        loop, at once where this is its thread."""
        seq = said[2]
        inside = get_ident() == self._thread
        bodies = self._bodies(said, first, keep or not inside)
        if inside:
            self.catch_up()
            self._apply(bodies, mark, session, without, seq, keep)
        else:
            self._post(
                lambda: self._apply(bodies, mark, session, without, seq, keep)
            )

    def answer(
        self, lane: Lane, data: Mapping[str, Any], reply_to: int
    ) -> bytes:
        """The body of an answer, which one thread at a time may make."""
        with self._lock:
            said = self.messages.stamp(), to_dict(data), None
            return self._encoded(lane, said, reply_to)

    def encode(self, encoder: Encoder, message: Message) -> bytes:
        """`message` by `encoder`, which one thread at a time may use."""
        with self._lock:
            try:
                return encoder.encode(message)
            except MessageError:
                raise
            except Exception as error:
                raise failure(encoder, error) from error

    def _encoded(
        self, lane: Lane, said: _Said, reply_to: int | None = None
    ) -> bytes:
        try:
            return lane.encode(*said, None, reply_to)
        except MessageError:
            raise
        except Exception as error:
            raise failure(lane.encoder, error) from error

    def _bodies(
        self, said: _Said, first: bytes, for_all: bool
    ) -> tuple[bytes | None, ...]:
        """What is said, encoded for each lane that has somebody, or for all:
        where it may be kept, and where somebody may join before the loop
        comes to it. None where that codec cannot carry it."""
        bodies: list[bytes | None] = [first]
        for lane in self.lanes[1:]:
            body = None
            if for_all or lane.seats or lane.has_chats:
                try:
                    body = self._encoded(lane, said)
                except MessageError as error:
                    self._limiter.say(
                        logging.ERROR,
                        "encode",
                        "%s: codec %s cannot carry a broadcast: %s",
                        self._event,
                        lane.encoder.format,
                        clean(error),
                    )
            bodies.append(body)
        return tuple(bodies)

    def _hearing(self) -> int:
        count = 0
        for lane in self.lanes:
            count += len(lane.seats)
        return count

    def _audience(self, session: str | None, without: frozenset[int]) -> int:
        if session is None:
            count = self._hearing()
        else:
            count = sum(lane.audience(session) for lane in self.lanes)
        for seat in self._seats(without):
            count -= seat.hears(session)
        return count

    def _seats(self, ids: Iterable[int]) -> list[Seat]:
        members = (self._registry.find(number) for number in ids)
        return [member.seat for member in members if member is not None]

    def _apply(
        self,
        bodies: tuple[bytes | None, ...],
        mark: Mark | None,
        session: str | None,
        without: frozenset[int],
        seq: int | None,
        keep: bool,
    ) -> None:
        """In the loop: append to the tick, and to the queue."""
        seats = self._seats(without) if without else ()
        if seq is not None:
            self.seq = seq
        for lane, body in zip(self.lanes, bodies, strict=True):
            if body is None:
                self._lose(lane, session, seats, seq)
            elif session is None:
                lane.broadcast_but(body, mark, seats)
            else:
                lane.broadcast_in(session, body, mark, exclude=seats)
        if keep and seq is not None:
            self._keep(seq, bodies)
        self.flush_soon()

    def _keep(self, seq: int, bodies: tuple[bytes | None, ...]) -> None:
        size = sum(len(body) for body in bodies if body is not None)
        item = Kept(seq, bodies, size, time.monotonic())
        self._stats.dropped += self.queue.offer(item, self._hearing())

    def _lose(
        self,
        lane: Lane,
        session: str | None,
        without: Iterable[Seat],
        seq: int | None,
    ) -> None:
        """A broadcast that this lane's codec cannot carry: its clients are
        told, at its place, that they missed one; where it cannot carry that
        either, they are let go, and see it when they come back."""
        if not (lane.seats if session is None else lane.audience(session)):
            return
        fault: MessageError | None = None
        try:
            notice = self.encode(lane.encoder, self.messages.gap(1, seq))
        except MessageError as error:
            fault = error
        else:
            if session is None:
                lane.broadcast_but(notice, None, without)
            else:
                lane.broadcast_in(session, notice, None, exclude=without)
        left_out = set(without)
        for member in self._registry:
            seat = member.seat
            if (
                seat not in left_out
                and seat.is_of(lane)
                and seat.hears(session)
            ):
                member.dropped += 1
                self._stats.lost += 1
                if fault is not None:
                    member.connection.end(str(fault))

    def send(
        self,
        addressee: Addressee,
        data: Mapping[str, Any],
        message_type: MessageType,
    ) -> None:
        """Say `data` to one client. From any thread."""
        with self._lock:
            addressee.demand_receive()
            stamp = self.messages.stamp(message_type)
            body = self._encoded(addressee.lane, (stamp, to_dict(data), None))
            mark: Mark | None = None
            if message_type is DATA:
                mark = stamp.event_name, 0
            if get_ident() == self._thread:
                self.catch_up()
                addressee.say(body, mark)
            else:
                self._post(lambda: addressee.say(body, mark))

    def _post(self, act: Callable[[], None]) -> None:
        self._inbox.append(act)
        if not self._woken:
            self._woken = True
            try:
                self._loop.call_soon_threadsafe(self.catch_up)
            except RuntimeError:
                raise ConnectionClosed(
                    f"the loop of the server of {self._event!r} is closed"
                ) from None

    @property
    def is_behind(self) -> bool:
        """Whether other threads have left something for the loop."""
        return bool(self._inbox)

    def catch_up(self) -> None:
        """In the loop: do what other threads have left for it."""
        self._woken = False
        inbox = self._inbox
        while inbox:
            inbox.popleft()()

    # ---------------------------------------------------------- the tick

    def flush_soon(self) -> None:
        """Write the tick at the end of this turn of the loop."""
        if not self._flush_set:
            self._flush_set = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_set = False
        self.flush_now()

    def flush_now(self) -> None:
        """Write the tick. What is said in this turn of the loop from now on
        is written at its end, where that was to be done anyhow."""
        for lane in self.lanes:
            if lane.bodies or not lane.idle:
                lane.flush()
        self._weigh()

    # --------------------------------------------------------- newcomers

    def preface(
        self, since: int | None, lane_index: int
    ) -> tuple[list[Kept], int | None]:
        """What a newcomer is handed, and how many it has missed."""
        items = self.queue.preface(self._hearing(), since, time.monotonic())
        kept = [item for item in items if item.bodies[lane_index] is not None]
        other = [item for item in items if item.bodies[lane_index] is None]
        for item in other:
            self.queue.handed(item)
            self._stats.lost += 1
        if since is None:
            return kept, None
        covered = sum(item.seq > since for item in kept)
        return kept, max(0, self.seq - since - covered)

    def handed(self, item: Kept) -> None:
        """A kept message is in the kernel."""
        self.queue.handed(item)

    def returned(self, items: list[Kept]) -> None:
        """A newcomer left before it had these."""
        if items:
            self.queue.returned(items)
