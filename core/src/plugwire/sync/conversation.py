"""A blocking client on sockets, without a loop or a thread of its own.

Its callers' threads do the reading and the writing. One of those that wait
is in the *chair* and reads for all of them; when it has what it came for,
the chair goes to another that waits. When the connection is lost, it is made
again from the chair, in whatever call comes next.

What several threads see is under one lock, which is never held while
something waits, nor while the application's code runs.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from plugwire import forks
from plugwire.comeback import first_attempts
from plugwire.errors import (
    ConnectionClosed,
    ConnectionFailed,
    PlugwireError,
    TimedOut,
)
from plugwire.logs import log
from plugwire.message import Message, MessageType, check_event_name
from plugwire.protocol import ATTACH, DETACH, ServerFacts, to_dict
from plugwire.sync.asking import Asker
from plugwire.sync.backend import Callbacks
from plugwire.sync.link import Link
from plugwire.sync.membership import Membership
from plugwire.sync.turns import (
    AT_ONCE,
    Turn,
    deadline_in,
    earlier,
    is_past,
    left_until,
)
from plugwire.sync.writing import Late, Writer
from plugwire.way import Way


class Conversation:
    """See `Client`, whose methods these are."""

    def __init__(self, way: Way, callbacks: Callbacks) -> None:
        self._way = way
        self._event = way.event
        self._settings = way.settings
        self._member = Membership(way, callbacks)
        self._writer = Writer(self._member)
        self._asker = Asker(self._member, self._writer)

    # --------------------------------------------------------- life cycle

    def connect(self) -> None:
        """See `Client.connect`."""
        member = self._member
        forks.watch(self)
        try:
            self._begin()
            self._first_link()
            member.let_go()
        except BaseException:
            with member.chair.lock:
                member.not_begun()
            member.interrupted()
            raise
        member.tell()

    def _begin(self) -> None:
        member, turn = self._member, Turn()
        while True:
            with member.chair.lock:
                if member.begin():
                    return
                member.chair.queue(member.chair.others, turn)
            member.chair.wait(member.chair.others, turn, None)

    def _first_link(self) -> None:
        member, seconds = self._member, self._settings.default_timeout
        deadline = deadline_in(seconds)
        pauses = first_attempts()
        cause: PlugwireError | None = None
        while True:
            with member.chair.lock:
                attempt = member.first(deadline)
            try:
                link = attempt.advance(deadline)
                if link is not None:
                    with member.chair.lock:
                        member.joined(link, again=False)
                        member.check_left()
                    return
            except (ConnectionFailed, ConnectionClosed) as error:
                cause = error
            finally:
                member.drop(attempt)
            self._rest(time.monotonic() + (pauses.next() or 0.0), deadline)
            if is_past(deadline):
                break
        limit = self._settings.said("default_timeout")
        raise ConnectionFailed(
            f"no connection to {self._event!r} within {seconds:g} s "
            f"({limit}): {cause or 'no answer'}",
            address=getattr(cause, "address", "") or self._way.address,
        ) from cause

    def _rest(self, until: float, deadline: float | None) -> None:
        """Wait between two attempts; `disconnect` ends it."""
        chair, turn = self._member.chair, Turn()
        with chair.lock:
            self._member.check_left()
            # The others' queue is woken when the chair is free, and it is
            # not: this thread sits in it.
            chair.queue(chair.others, turn)
        chair.wait(chair.others, turn, earlier(until, deadline))

    def after_fork(self) -> None:
        """In a forked child: the connection is the parent's."""
        self._member.after_fork()

    def disconnect(self) -> None:
        """See `Client.disconnect`."""
        deadline = deadline_in(self._settings.drain_timeout)
        try:
            link = self._leave(deadline)
            self._see_off(link, deadline)
        except BaseException:
            self._member.interrupted()
            raise
        self._member.teller.finish(left_until(deadline) or 0.0)

    def _leave(self, deadline: float | None) -> Link | None:
        """End the connection, once what is being sent is out whole."""
        member, chair = self._member, self._member.chair
        with chair.lock:
            if member.end is None:
                member.left = True
                member.finish(ConnectionClosed("disconnected"))
            attempt, link = member.attempt, member.link
            if attempt is not None:
                attempt.cancel()
                if not chair.is_taken and not chair.is_mine:
                    member.attempt = None
                    attempt.close()
        if link is None:
            return None
        left = left_until(deadline) or 0.0
        ordered: list[bool] = []
        try:
            # Stored before a signal's handler can raise.
            ordered.extend(map(link.order.acquire, (True,), (left,)))
        finally:
            if ordered and ordered[0]:
                link.order.release()
            with chair.lock:
                member.lose(link, ConnectionClosed("disconnected"))
        if not ordered[0]:
            log.info("%s: disconnected before all was sent", self._event)
        return link

    def _see_off(self, link: Link | None, deadline: float | None) -> None:
        """Until nobody is in a call any more, this thread aside, which may
        have been interrupted in one."""
        member, chair, turn = self._member, self._member.chair, Turn()
        while not is_past(deadline) and not chair.is_mine:
            with chair.lock:
                busy = chair.is_taken or (link is not None and link.has_guests)
                if member.end is None or not busy:
                    break
                chair.queue(chair.others, turn)
            chair.wait(chair.others, turn, deadline)
        with chair.lock:
            member.pass_on()  # it may have been this one's turn

    # ------------------------------------------------------------ looking

    @property
    def connected(self) -> bool:
        """See `Client.connected`."""
        member = self._member
        try:
            self._look()
        except BaseException:
            member.interrupted()
            raise
        member.tell()
        return member.link is not None

    def _look(self) -> None:
        """See what has come, where nobody reads."""
        member, chair = self._member, self._member.chair
        while True:
            with chair.lock:
                if member.link is None or chair.is_taken or member.is_held:
                    break
                job = member.sit_down()
            if not member.work(job, AT_ONCE):
                break
        member.let_go()

    @property
    def left(self) -> bool:
        """Whether `disconnect` is why nothing more comes."""
        return self._member.left

    @property
    def client_id(self) -> int | None:
        """See `Client.client_id`."""
        link = self._member.link
        joined = None if link is None else link.shake.joined
        return None if joined is None else joined.client_id

    @property
    def can_send(self) -> bool:
        """See `Client.can_send`."""
        link = self._member.link
        return link is not None and link.can_send

    @property
    def server(self) -> ServerFacts | None:
        """See `Client.server`."""
        return self._member.standing.server

    @property
    def buffered(self) -> int:
        """See `Client.buffered`."""
        return len(self._member.buffer)

    @property
    def missed(self) -> int | None:
        """See `Client.missed`."""
        return self._member.standing.missed

    # ---------------------------------------------------------- receiving

    def receive(self, *, timeout: float | None = None) -> Message:
        """See `Client.receive`."""
        member = self._member
        try:
            # What a read brought is handed out without the lock.
            head, message = member.buffer.head, None
            if head and not member.teller.waiting:
                try:
                    message = head.popleft()
                except IndexError:  # another thread was quicker
                    message = None
            if message is None:
                return self._receive(timeout)
            if member.is_held:
                member.settle()
            return message
        except Late:
            raise TimedOut(
                f"no message of {self._event!r} within {timeout:g} s",
                seconds=timeout or 0.0,
            ) from None
        except PlugwireError:
            raise
        except BaseException:
            self._member.interrupted()
            raise

    def iterate(self) -> Iterator[Message]:
        """See `Client.__iter__`."""
        member = self._member
        buffer = member.buffer
        while True:
            # As in `receive`, without a call for each.
            head, waiting = buffer.head, member.teller.waiting
            while head and not waiting:
                try:
                    message = head.popleft()
                    if member.is_held:
                        member.settle()
                except IndexError:  # another thread was quicker
                    break
                except BaseException:
                    member.interrupted()
                    raise
                yield message
            try:
                message = self.receive()
            except ConnectionClosed:
                if member.left:
                    return
                raise
            yield message

    def _receive(self, timeout: float | None) -> Message:
        member, chair = self._member, self._member.chair
        deadline = None if timeout is None else time.monotonic() + timeout
        turn: Turn | None = None
        has_tried = False
        while True:
            if member.teller.waiting:
                member.tell()
            with chair.lock:
                message = member.take()
                if message is not None:
                    if has_tried:
                        member.get_up()
                    return message
                if member.end is not None:
                    member.get_up()
                    raise member.end.with_traceback(None)
                if has_tried and is_past(deadline):
                    member.get_up()
                    raise Late
                job = member.sit()
                until = deadline
                if job is None:
                    member.get_up()
                    turn = turn or Turn()
                    chair.queue(chair.receivers, turn)
                    if member.link is None and not chair.is_taken:
                        until = earlier(deadline, member.next_try)
            if job is not None:
                member.work(job, deadline)
            elif turn is not None:
                chair.wait(chair.receivers, turn, until)
            has_tried = True

    # ------------------------------------------------------------ sending

    def send(self, data: Mapping[str, Any], message_type: MessageType) -> None:
        """See `Client.send`."""
        framed = partial(self._way.say, to_dict(data), message_type)
        try:
            link = self._writer.enter(None)
            self._writer.write(link, framed, None, checked=True)
            self._member.let_go()
        except PlugwireError:
            raise
        except BaseException:
            self._member.interrupted()
            raise

    def flush(self) -> None:
        """See `Client.flush`."""
        try:
            self._writer.flush()
        except BaseException:
            self._member.interrupted()
            raise

    def request(
        self, data: Mapping[str, Any], *, timeout: float | None = None
    ) -> Message:
        """See `Client.request`."""
        asker = self._asker
        number = next(asker.numbers)
        if type(data) is not dict:
            data = to_dict(data)
        framed = partial(self._way.ask, data, number)
        return asker.ask(number, framed, timeout)

    def attach(self, session: str) -> None:
        """See `Client.attach`."""
        check_event_name(session)
        self._operate(ATTACH, {"session": session})
        self._member.standing.session = session

    def detach(self) -> None:
        """See `Client.detach`."""
        self._operate(DETACH, {})
        self._member.standing.session = None

    def _operate(self, op: str, data: Mapping[str, Any]) -> None:
        number = next(self._asker.numbers)
        message = self._way.messages.make(
            data, MessageType.CONTROL, id=number, op=op
        )
        framed = partial(self._way.frame, message)
        self._asker.ask(number, framed, None)
