"""A blocking client's connection through all its losses, and what came over
it.

Whoever needs something sits down in the chair and works: reads, or gets on
with connecting where there is no connection, until it has what it came for.
Then it leaves the chair, and so it does before it waits for anything else
and before callbacks are called. Attributes belong to the chair's lock.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress

from plugwire.comeback import Comeback
from plugwire.errors import (
    ConnectionClosed,
    ConnectionFailed,
    PlugwireError,
    TimedOut,
)
from plugwire.logs import log
from plugwire.message import Message
from plugwire.protocol import ClientEvent, Gap, Reply
from plugwire.standing import Standing
from plugwire.sync.attempt import Attempt
from plugwire.sync.backend import Callbacks
from plugwire.sync.chair import Chair
from plugwire.sync.channel import words
from plugwire.sync.inbox import Inbox
from plugwire.sync.link import Link, Question
from plugwire.sync.telling import Loss, Teller
from plugwire.sync.turns import deadline_in, earlier, is_past
from plugwire.way import Way

_INTERRUPTED = "interrupted in the middle of a message"


class Membership:
    """`link` is None while away; `end` is why nothing more comes; `left`
    says that `disconnect` was called; `former` is the `end` to which a
    `connect` that fails goes back; `is_held` says that the buffer is full and
    nothing is read; `next_try` is when (monotonic seconds) to connect again.
    """

    def __init__(self, way: Way, callbacks: Callbacks) -> None:
        self.way = way
        self.chair = Chair()
        self.teller = Teller()
        self.buffer = Inbox(
            way.settings.buffer_size, way.settings.buffer_bytes
        )
        self.is_held = False
        self.former: PlugwireError = ConnectionClosed(
            "not connected: connect() first"
        )
        self.end: PlugwireError | None = self.former
        self.left = False
        self.is_forked = False
        self.link: Link | None = None
        self.attempt: Attempt | None = None
        self.next_try = 0.0
        self.asked: dict[int, Question] = {}
        self.standing = Standing(self._gap)
        self.comeback = Comeback(way.event, way.settings)
        self._callbacks = callbacks

    # ----------------------------------------------------- in the chair

    def work(
        self,
        job: Link | Attempt,
        deadline: float | None,
    ) -> bool:
        """Read once, or get on with connecting, in the chair.

        False when nothing came of it before `deadline`.
        """
        if isinstance(job, Link):
            return self.read(job, deadline)
        return self._connect(job, deadline)

    def tell(self) -> None:
        """Call the callbacks that wait. They may take long, or wait for
        another thread's call: nobody waits for this one meanwhile."""
        if self.teller.waiting:
            self.let_go()
            self.teller.tell()

    def let_go(self) -> None:
        """Leave the chair and the link, whichever this thread is at."""
        with self.chair.lock:
            self.get_up()
            if self.link is not None:
                self.link.leave()

    def settle(self) -> None:
        """This thread popped a message from the buffer's `head`, and has
        found the buffer held behind it."""
        with self.chair.lock:
            self._make_room()
            if self.chair.receivers or self.chair.others:
                self.pass_on()

    def interrupted(self) -> None:
        """This thread's call was broken off by a signal's handler, wherever
        it was."""
        with self.chair.lock:
            self.chair.withdraw()
            self._make_room()
            link = self.link
            if link is not None and link.error is not None:
                self.lose(link, link.error)
        self.let_go()

    def _connect(self, attempt: Attempt, deadline: float | None) -> bool:
        over = True
        try:
            link = attempt.advance(earlier(deadline, attempt.until))
            if link is None:
                if not is_past(attempt.until):
                    over = False
                    return False
                seconds = self.way.settings.default_timeout
                raise TimedOut(
                    f"no answer from {self.way.address} within {seconds:g} s "
                    f"({self.way.settings.said('default_timeout')})",
                    seconds=seconds,
                )
            with self.chair.lock:
                self.joined(link, again=True)
        except PlugwireError as error:
            with self.chair.lock:
                self._failed(error, attempt.counted)
        finally:
            if over:
                self.drop(attempt)
        return True

    def drop(self, attempt: Attempt) -> None:
        """`attempt` is over; what it has open goes, unless it is in use."""
        with self.chair.lock:
            if self.attempt is attempt:
                self.attempt = None
            is_used = self.link is not None and self.link is attempt.link
        if not is_used:
            attempt.close()

    def read(
        self,
        link: Link,
        deadline: float | None,
        question: Question | None = None,
    ) -> bool:
        """Read once, in the chair; False when nothing came in time.

        Where the answer to `question`, this thread's own, came with it, the
        chair is left, too: the lock is taken once for both.
        """
        chunks, whole = link.chunks, True
        error: ConnectionClosed | None = None
        try:
            left = deadline - time.monotonic() if deadline else deadline
            if not chunks and not link.channel.read(chunks, left):
                return False
            while chunks:
                whole = False
                messages, size, events = link.digest(chunks.popleft())
                with self.chair.lock:
                    self._heard(messages, size, events)
                    whole = True
                    if question is not None and question.answer is not None:
                        link.looked = time.monotonic()
                        self.get_up()
                        # From now on the link's chunks are another's.
                        return True
        except OSError as broken:
            whole = False
            error = ConnectionClosed(f"the connection broke: {words(broken)}")
        except ConnectionClosed as closed:
            error = closed
        except PlugwireError as wrong:
            error = ConnectionClosed(str(wrong))
        finally:
            if not whole:
                with self.chair.lock:
                    self.lose(link, error or ConnectionClosed(_INTERRUPTED))
                    if error is None and link.is_members:
                        # Some of it may have been taken, and some not.
                        self.standing.gap(None)
        return True

    # ------------------------------------------------- under the lock only

    def sit(self) -> Link | Attempt | None:
        """Sit down where the chair is free and there is something to do
        there, and say what."""
        if self.chair.is_taken or self.is_held:
            return None
        if self.link is None and time.monotonic() < self.next_try:
            return None
        return self.sit_down()

    def sit_down(self, *, counted: bool = True) -> Link | Attempt:
        """Sit down in the chair, which is free, or stay there; what is to be
        worked on. An attempt that nobody else begins or gets on with is not
        `counted` as a try."""
        link = self.link
        if link is not None:
            if self.chair.link is not link:
                self.chair.sit(link)
            return link
        self.chair.sit(None)
        if self.attempt is None:
            self.attempt = Attempt(
                self.way,
                self.standing,
                deadline_in(self.way.settings.default_timeout),
                counted=counted,
            )
        elif counted:
            self.attempt.counted = True
        return self.attempt

    def get_up(self) -> None:
        """Leave the chair, where this thread sits there, to who is next."""
        chair = self.chair
        if chair.sitter == threading.get_ident():
            chair.leave()
        if chair.receivers or chair.others:
            self.pass_on()

    def pass_on(self) -> None:
        """Wake who can go on now."""
        chair = self.chair
        if self.end is not None:
            chair.wake_all()
        elif len(self.buffer) and chair.receivers:
            chair.wake_one(chair.receivers)
        elif chair.sitter:
            return
        elif self.link is None:
            # Who sends makes its one attempt at once; who receives may have
            # to wait until the next one is due.
            chair.wake_one(chair.others or chair.receivers)
        elif not self.is_held:
            chair.wake_one(chair.receivers or chair.others)

    def take(self) -> Message | None:
        """The oldest message, or None."""
        message = self.buffer.take()
        # Also where there is none: who took the last one may have been
        # interrupted before it came to this.
        if self.is_held and self.buffer.has_room:
            self.is_held = False
        if message is not None and (self.chair.receivers or self.chair.others):
            self.pass_on()
        return message

    def _make_room(self) -> None:
        """Let go of what was taken, and read again once half of it is."""
        self.buffer.settle()
        if self.is_held and self.buffer.has_room:
            self.is_held = False

    def _heard(
        self, messages: list[Message], size: int, events: list[ClientEvent]
    ) -> None:
        if messages:
            self.buffer.put(messages, size)
            if self.buffer.is_full and not self.is_held:
                self.is_held = True
                # Who pops from it looks only then whether it is held, so
                # that either that one sees it, or this one that there is
                # room.
                self._make_room()
                if self.is_held:
                    self.chair.wake_queue(self.chair.others)
            self.chair.wake_one(self.chair.receivers)
        for event in events:
            if type(event) is Reply:
                question = self.asked.get(event.id)
                if question is not None:
                    question.answer = event.answer
                    if question.turn is not None:
                        self.chair.wake(question.turn)
            elif type(event) is Gap:
                self.standing.gap(event.missed)

    def _gap(self, missed: int | None) -> None:
        # One that waits and this one are told as one: a server tells of
        # losses as often as it likes.
        with suppress(IndexError):
            last = self.teller.waiting[-1][1]
            if isinstance(last, Loss):
                last.add(missed)
                return
        loss = Loss(self._callbacks, self.chair.lock, missed)
        self.teller.add("on_gap", loss)

    def joined(self, link: Link, *, again: bool) -> None:
        """`link` has joined, the first one or a later one."""
        if self.end is not None:
            link.end(ConnectionClosed("disconnected"))
            return
        joined = link.shake.joined
        assert joined is not None
        if again:
            self._log("connected again")
            self.teller.add("on_reconnect", self._callbacks.on_reconnect)
        self.standing.joined(link.server, joined, link.seq)
        # An interruption before this drops it, and it is made again.
        self.link = link

    def lose(self, link: Link, error: ConnectionClosed) -> None:
        """`link` is over."""
        if self.left:
            error = ConnectionClosed("disconnected")
        link.end(error)
        if self.link is not link:
            return
        reason = error.reason
        told = (
            "on_disconnect",
            lambda: self._callbacks.on_disconnect(reason),
        )
        tell = self.teller.waiting.append
        self.standing.lost(link.seq)
        self.chair.wake_queue(self.chair.others)
        if self.end is None:
            self._log(f"connection lost ({reason})")
            if error.final or not self.way.settings.reconnect:
                self.finish(error)
            else:
                self.comeback.lost(time.monotonic() - link.since, error)
                self._plan()
        # An interruption comes before both of these, so that it is done
        # again, or behind both.
        self.link = None
        tell(told)

    def _failed(self, error: PlugwireError, counted: bool) -> None:
        if self.end is not None:
            return
        end = self.comeback.failed(error)
        if end is not None:
            self.finish(end)
        elif counted:
            self._plan()

    def _plan(self) -> None:
        delay = self.comeback.delay()
        if delay is None:
            self.finish(self.comeback.gave_up(self.way.address))
        else:
            self.next_try = time.monotonic() + delay

    def finish(self, end: PlugwireError) -> None:
        """Nothing more comes: tell everyone who waits."""
        self.end = end
        self.chair.wake_all()

    def _log(self, text: str) -> None:
        """Log it once the lock is free: a handler may do anything."""
        event = self.way.event
        self.teller.add("log", lambda: log.info("%s: %s", event, text))

    def begin(self) -> bool:
        """Sit down to connect for the first time; False where somebody is
        in the chair still, of the connection before."""
        if self.end is None:
            raise ConnectionFailed(
                f"this client of {self.way.event!r} is connected already"
            )
        if self.is_forked:
            raise self.end.with_traceback(None)
        if self.chair.is_taken:
            return False
        self.chair.sit(None)
        self.former, self.end = self.end, None
        self.left = False
        return True

    def not_begun(self) -> None:
        """Nothing came of `begin`, where this thread did."""
        if not self.chair.is_mine:
            return
        if self.end is None:
            self.finish(self.former)
        if self.link is not None:
            self.link.end(ConnectionClosed("interrupted while it connected"))
            self.link = None

    def after_fork(self) -> None:
        """In a forked child: the connection is the parent's, and what came
        over it."""
        self.is_forked = True
        self.is_held = False
        self.buffer.clear()
        self.chair, self.teller = Chair(), Teller()
        if self.attempt is not None:
            self.attempt.close()
            self.attempt = None
        if self.link is not None:
            self.link.channel.close()
            self.link = None
        self.end = ConnectionClosed(
            "this is a forked child: make a client of its own here"
        )

    def away(self) -> PlugwireError:
        """What who needs a connection is told when there is none."""
        if self.end is not None:
            return self.end.with_traceback(None)
        cause = self.comeback.cause
        error = ConnectionClosed(
            f"the connection to {self.way.event!r} is away, and nothing is "
            f"kept meanwhile: {cause}"
        )
        error.__cause__ = cause
        return error

    def first(self, deadline: float | None) -> Attempt:
        """An attempt of `connect()`, which is in the chair."""
        self.check_left()
        self.attempt = Attempt(
            self.way, self.standing, deadline, counted=False
        )
        return self.attempt

    def check_left(self) -> None:
        """Raise `ConnectionClosed` after `disconnect()`."""
        if self.left:
            raise ConnectionClosed("disconnected while it was connecting")
