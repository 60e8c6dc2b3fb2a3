"""One client of a server: its transport, from the accept to the end.

What it is just now is a stage: an `Arrival` up to joined, a `Presence` from
there on. This file moves bytes between the stage, the outlet and the
transport, and sees to the end.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Protocol, cast

from plugwire.aio.host import Entrance, Host
from plugwire.aio.outlet import Outlet
from plugwire.aio.tls import hold_nothing, is_tls
from plugwire.encoders import framed
from plugwire.errors import Denied, MessageError, PlugwireError
from plugwire.fanout import Lane, Seat
from plugwire.handshake import Role, refusal
from plugwire.interfaces import Kept, Peer
from plugwire.logs import clean
from plugwire.message import Message
from plugwire.outbox import Mark, Outbox, Share, make_outbox
from plugwire.registry import Member
from plugwire.rights import rights
from plugwire.rooms import FEW_BYTES
from plugwire.settings import Lag
from plugwire.sockets import widen


class Stage(Protocol):
    """What a connection is just now: arriving, or present."""

    has_joined: bool
    is_reading: bool

    @property
    def buffer(self) -> memoryview:
        """What is read into, where no room is asked for."""

    @property
    def has_worker(self) -> bool:
        """Whether a handler of the client may be under way."""

    @property
    def waiting_bytes(self) -> int:
        """Bytes of messages that wait for it."""

    def begin(self) -> None:
        """The connection is there."""

    def read(self, data: bytes) -> None:
        """What the peer says."""

    def read_much(self, view: memoryview) -> memoryview | None:
        """The same, in a view that is good until this returns; where what
        comes next is best read."""

    def stop(self) -> None:
        """The stage is over, and so is the connection."""

    async def stop_worker(self, *, finish: bool) -> None:
        """Wait until the client's handler has ended: with all that it was
        told (`finish`), or cancelled now."""


class ServerConnection(asyncio.BufferedProtocol):
    """A peer of one door.

    `ended` is true from the moment that it counts no more, `closed` once
    its transport is gone; in between what it is owed goes out. `stalled` and
    `lag_mark` (when it last took something, and what the transport held
    then) are the lag watch's. `send` is that of its socket, or None.
    """

    __slots__ = ("_buffer", "_deadline", "_first", "_much", "_outlet",
                 "_send", "_stage", "_transport", "closed", "door", "ended",
                 "host", "lag_mark", "member", "peer", "reason", "rights",
                 "role", "stalled", "was_member")  # fmt: skip

    def __init__(
        self,
        host: Host,
        door: Entrance,
        peer: Peer,
        first: Callable[[ServerConnection], Stage],
        send: Callable[[bytes], int] | None = None,
    ) -> None:
        self.host = host
        self.door = door
        self.peer = peer
        self.rights = rights(
            door.pipeline.checks, peer, host.event, host.limiter
        )
        self.role: Role = "member"
        self.member: Member | None = None
        self.was_member = False
        self.ended = False
        self.closed = False
        self.reason = "the client went away"
        self.stalled = False
        self.lag_mark = (0.0, 0)
        self._deadline: asyncio.TimerHandle | None = None
        self._first = first
        self._send = send
        self._buffer = host.buffer
        self._much = FEW_BYTES

    # ---------------------------------------------------- asyncio's calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._outlet = Outlet(
            self._transport,
            self.door.lane.encoder,
            self.door.lane_index,
            self,
            self._send,
        )
        hold_nothing(self._transport)
        self.door.opened(self)
        self._stage = self._first(self)
        self._stage.begin()

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self.ended:
            return
        if nbytes < self._much:
            self._stage.read(bytes(self._buffer[:nbytes]))
            return
        room = self._stage.read_much(self._buffer[:nbytes])
        if room is None:
            self._buffer, self._much = self._stage.buffer, FEW_BYTES
        else:
            self._buffer, self._much = room, 0

    def eof_received(self) -> bool:
        """The peer writes no more. What it is still owed goes out, then the
        connection ends: there is no half-open client. TLS has ended by
        itself, and would complain of being kept."""
        keep = not is_tls(self._transport)
        self.close("the client went away")
        return keep

    def pause_writing(self) -> None:
        self._outlet.pause()

    def resume_writing(self) -> None:
        # Not at once: where a write fails in here, asyncio's transports end
        # the connection twice and log that as an error of the loop.
        self.host.loop.call_soon(self._resume)

    def _resume(self) -> None:
        if not self.closed:
            self._outlet.resume()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None and not self.ended:
            self.reason = f"the connection broke: {clean(exc)}"
        self.ended = self.closed = True
        self._stage.stop()
        if self._deadline is not None:
            self._deadline.cancel()
        self._forget()
        self._let_go()
        self.door.closed(self)
        self.host.gone(self)

    # ------------------------------------------------------- for its stage

    def write(self, data: bytes) -> None:
        """Write a line of the handshake: straight into the socket, as the
        outlet does. uvloop's transport would keep it until the turn's end,
        and the client would count as lagging meanwhile."""
        send = self._send
        if send is not None and not self._outlet.is_lagging:
            with suppress(OSError):  # the transport meets it, too
                data = data[send(data) :]
            if not data:
                return
        self._transport.write(data)

    def joined(self, presence: Stage) -> None:
        """The handshake is over."""
        self._stage = presence
        self._buffer = presence.buffer
        self.was_member = self.role == "member"

    def greet(self, joined: bytes, first: bytes | None) -> None:
        """Write the line `joined`, empty at a plain door, and behind it the
        body that is the client's first message: in one write where the
        transport holds nothing, which wakes the client once."""
        share = None if first is None else Share([first], [None])
        if share is not None and not self._outlet.is_lagging:
            try:
                frame = framed(self.door.lane.encoder, share.bodies)
            except MessageError as error:
                self.unframed(error)
                return
            share.frame = joined + frame
        elif joined:
            self.write(joined)
        if share is not None and not self.ended:
            self._sent(1)
            self._outlet.deliver(share)

    def preface(self, items: Iterable[Kept]) -> None:
        """Hand `items` over before anything else."""
        self._outlet.preface(items)

    def pause_reading(self) -> None:
        """Read no more until `resume_reading`."""
        if not self.ended:
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read again."""
        if not self.ended:
            self._transport.resume_reading()

    def may_send(self) -> bool:
        """Whether this peer may send: what `joined` tells it."""
        return (
            self.role != "control"
            and self.host.settings.allow_client_send
            and self.rights.may("send")
        )

    @property
    def lane(self) -> Lane:
        """That of its door."""
        return self.door.lane

    def encode(self, message: Message) -> bytes:
        """`message` in this door's codec, or `MessageError`."""
        return self.host.voice.encode(self.door.lane.encoder, message)

    def tell(self, message: Message) -> None:
        """Say one of the library's own messages. One for which
        `max_message_bytes` has no room is left out: nothing may fail, a stop
        say, because it cannot be explained."""
        with suppress(MessageError):
            self.say(self.encode(message))

    def tell_failure(
        self, error: PlugwireError, reply_to: int | None = None
    ) -> None:
        """Say the ERROR message that tells of `error`."""
        self.tell(self.host.voice.messages.failure(error, reply_to))

    # ------------------------------------------------- sessions, sending

    def demand_receive(self) -> None:
        """Raise `Denied` unless this client may receive what is said to it
        alone, in the session that it is in."""
        assert self.member is not None
        self.rights.demand("receive", self.member.session)

    def attach(self, session: str) -> None:
        """Put this client into `session`; it hears it where it may."""
        assert self.member is not None
        self.host.registry.attach(self.member, session)
        hears = self.rights.may("receive", session)
        self.member.seat.hear(session if hears else None)

    def detach(self) -> None:
        """Take this client out of its session."""
        assert self.member is not None
        self.host.registry.detach(self.member)
        self.member.seat.hear(None)

    def say(self, body: bytes, mark: Mark | None = None) -> None:
        """Say `body` to this client, behind all that it was told before."""
        if self.member is not None and not self.ended:
            self.member.seat.say(body, mark)
            if self.member.seat.held:
                self._bound_greeting(self.member.seat)
            if not self._stage.is_reading:
                self.host.voice.flush_soon()

    def _bound_greeting(self, seat: Seat) -> None:
        """What `on_connect` sends waits for joined, as much as an outbox
        holds."""
        settings = self.host.settings
        if (
            seat.owed > settings.outbox_bytes
            or seat.owed_messages > settings.outbox_messages
        ):
            self.refuse(
                MessageError(
                    "on_connect sent more than an outbox holds "
                    "(outbox_messages, outbox_bytes)"
                )
            )

    def answer(self, body: bytes, *, at_once: bool) -> None:
        """Say `body`, and with `at_once` all that it is owed before."""
        if not at_once:
            self.say(body)
        elif self.member is not None and not self.ended:
            self.member.seat.answer(body)

    @property
    def deliver(self) -> Callable[[Share], bool]:
        """What its seat calls: there is nothing between it and the outlet.
        A seat that was left hands nothing over, and the lane counts."""
        return self._outlet.deliver

    def _sent(self, count: int) -> None:
        """`count` messages are on their way; less than none: no more."""
        if self.member is not None:
            self.member.sent += count
        self.host.stats.sent += count

    # --------------------------------------------------- for the lag watch

    @property
    def lag(self) -> Lag:
        """The lag policy of its door."""
        return self.door.pipeline.lag

    @property
    def queued(self) -> int:
        """Messages that wait in its outbox."""
        # Asked for each message that a handler gets: nearly all keep up.
        return self._outlet.queued if self._outlet.is_lagging else 0

    @property
    def queued_bytes(self) -> int:
        """Their bytes."""
        return self._outlet.queued_bytes

    @property
    def unsent_bytes(self) -> int:
        """Bytes that the transport holds."""
        return self._outlet.unsent_bytes

    @property
    def is_lagging(self) -> bool:
        """Whether anything waits for the kernel."""
        return self._outlet.is_lagging

    def relieve(self, excess: int) -> None:
        """All outboxes together are too large, and this one is the most."""
        self._outlet.relieve(excess)

    # ------------------------------------------------- the outlet's calls

    def make_outbox(self) -> Outbox:
        settings = self.host.settings
        return make_outbox(
            self.lag,
            settings.outbox_messages,
            settings.outbox_bytes,
            self.host.ledger,
            self._notice,
        )

    def _notice(self, missed: int, upto: int) -> bytes:
        gap = self.host.voice.messages.gap(missed, upto or None)
        return self.encode(gap)

    def cramped(self, size: int) -> None:
        if self.lag is not Lag.KEEP_LATEST:
            sock = self._transport.get_extra_info("socket")
            if sock is not None:
                widen(sock, size)

    def lagging(self) -> None:
        self.host.lagging(self)

    def moved(self) -> None:
        self.host.moved(self)

    def overfull(self) -> None:
        self.host.stats.overfull += 1
        self._abort("it did not keep up: its outbox is full (lag)")

    def unframed(self, error: MessageError) -> None:
        self.host.limiter.say(
            logging.ERROR,
            "frame",
            "%s: a client at door %s is let go: %s",
            self.host.event,
            self.door.pipeline.door,
            error,
            error=error.__cause__,
        )
        self._abort(str(error))

    def dropped(self, count: int) -> None:
        if self.member is not None:
            self.member.dropped += count
        self.host.stats.dropped += count
        self._sent(-count)

    def handed(self, item: Kept) -> None:
        self._sent(1)
        self.host.voice.handed(item)

    def emptied(self) -> None:
        self.host.caught_up(self)
        if self.ended:
            # Not at once: a transport that is closed while it resumes its
            # writer is ended twice by asyncio.
            self.host.loop.call_soon(self._transport.close)

    # --------------------------------------------------------------- end

    def refuse(self, error: PlugwireError) -> None:
        """Turn the peer away, in words that it can read, and let go."""
        if self.ended:
            return
        self.ended = True
        self._stage.stop()
        self.host.refused(self.door, self.peer, error)
        self._forget()
        if self.door.pipeline.plain:
            failure = self.host.voice.messages.failure(error, None)
            with suppress(MessageError):
                body = self.encode(failure)
                self.write(framed(self.door.lane.encoder, [body]))
        else:
            self.write(refusal(error))
        self._shut()

    def end(self, reason: str, *, final: bool = False) -> None:
        """Say goodbye behind all that is queued, then close. It is gone from
        the registry at once."""
        if not self._stage.has_joined:
            self.refuse(Denied(reason) if final else self.host.leaving())
            return
        if not self.ended:
            goodbye = self.host.voice.messages.goodbye(
                clean(reason), final=final
            )
            self.tell(goodbye)
            self.close(reason)

    def close(self, reason: str) -> None:
        """Close once what is owed is out, `drain_timeout` at most."""
        if self.ended:
            return
        self.reason = reason
        if self._flushed():
            self.ended = True
            self._forget()
            self._shut()

    def _flushed(self) -> bool:
        """Deliver what is owed; false where that found it overfull."""
        if self.member is not None:
            self.member.seat.flush()
        return not self.ended

    def stall(self) -> None:
        """It has taken nothing for too long: let it go."""
        self._abort("it took nothing for lag_grace (lag)")

    def abort(self) -> None:
        """Cut it now; what it was owed is lost."""
        self._transport.abort()

    def _abort(self, reason: str) -> None:
        if not self.ended:  # else it is being drained: its reason stays
            self.ended = True
            self.reason = reason
            self._forget()
        self._let_go()
        self._transport.abort()

    def _let_go(self) -> None:
        """What it was owed is lost, but for what a queue keeps on."""
        left, lost = self._outlet.close()
        self.host.voice.returned(left)
        self.host.stats.lost += lost
        self._sent(-lost)
        self.host.caught_up(self)

    def _forget(self) -> None:
        """It counts no more: not as a client, not for the limits."""
        if self.member is not None:
            self.host.registry.leave(self.member)
            self.member.seat.leave()
        self.door.release(self)

    def _shut(self) -> None:
        self._stage.stop()
        if not self._outlet.is_lagging:
            self._transport.close()
            return
        self._transport.pause_reading()
        self._deadline = self.host.loop.call_later(
            self.host.settings.drain_timeout, self._transport.abort
        )

    # ------------------------------------------------------------ afterwards

    @property
    def waiting_bytes(self) -> int:
        """Bytes of messages that wait for its handler."""
        return self._stage.waiting_bytes

    def has_followers(self, on_disconnect: object) -> bool:
        """Whether something is left to do once the transport is gone."""
        return self._stage.has_worker or (
            self.was_member and on_disconnect is not None
        )

    async def stop_worker(self, *, finish: bool) -> None:
        """Wait until the client's handler has ended: with all that it was
        told (`finish`), or cancelled now."""
        await self._stage.stop_worker(finish=finish)
