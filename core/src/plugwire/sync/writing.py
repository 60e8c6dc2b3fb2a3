"""How a blocking client writes: whole messages, in the callers' threads."""

from __future__ import annotations

import threading

from plugwire.errors import ConnectionClosed, Denied, PlugwireError
from plugwire.message import Message
from plugwire.sync.channel import words
from plugwire.sync.link import Link
from plugwire.sync.membership import Membership
from plugwire.sync.turns import Turn, is_past, left_until

AT_ONCE = 0.0
"""A deadline that has passed: do what needs no waiting."""


class Late(Exception):
    """The caller's time is up."""


class Writer:
    """Writes to the link of `member`, one thread at a time."""

    __slots__ = ("_member",)

    def __init__(self, member: Membership) -> None:
        self._member = member

    def enter(self, deadline: float | None) -> Link:
        """The link to write to; this thread is among its users from now on.

        Where nobody reads, a look at what has come tells first whether the
        connection still stands. Where it is away, one attempt is made.
        Raises `Late`, `ConnectionClosed` and what ended it all.
        """
        member, chair = self._member, self._member.chair
        turn: Turn | None = None
        looked = tried = False
        while True:
            member.tell()
            with chair.lock:
                link, job = member.link, None
                if link is None and (member.end is not None or tried):
                    raise member.away()
                if link is not None and (
                    looked or chair.is_taken or member.is_held
                ):
                    link.enter()
                    return link
                if chair.is_taken:
                    turn = turn or Turn()
                    chair.queue(chair.others, turn)
                else:
                    job = member.sit_down(counted=False)
            if isinstance(job, Link):
                looked = not member.work(job, AT_ONCE)
            elif job is not None:
                member.work(job, deadline)
                looked = tried = True
            elif turn is not None:
                chair.wait(chair.others, turn, deadline)
            if link is None and is_past(deadline):
                with chair.lock:
                    member.pass_on()  # it may have been this one's turn
                raise Late

    def write(
        self,
        link: Link,
        message: Message,
        deadline: float | None,
        *,
        checked: bool,
    ) -> None:
        """Write `message` whole, and be a user of `link` no more.

        `checked`: only where the server lets this client send; else it
        raises `Denied`. Where the time is up or the thread interrupted in
        the middle of the message, the connection ends. Raises `Late`,
        `MessageError` and `ConnectionClosed`.
        """
        frame, written = b"", [0]
        ordered: list[bool] = []
        broken: OSError | None = None
        try:
            if checked and not link.can_send:
                raise Denied(
                    f"the server of {self._member.way.event!r} does not let "
                    "this client send"
                )
            frame = self._member.way.frame(message, link.max_message_bytes)
            left = left_until(deadline)
            wait = -1 if left is None else min(left, threading.TIMEOUT_MAX)
            # Stored before a signal's handler can raise.
            ordered.extend(map(link.order.acquire, (True,), (wait,)))
            if ordered[0] and link.is_torn:
                self._end(link, "a message was cut off half-way")
            if link.error is not None:
                raise link.error.with_traceback(None)
            if not ordered[0] or not link.write(frame, deadline, written):
                raise Late
        except OSError as error:
            broken = error
        finally:
            # Nothing is called before the release, for the same reason.
            if ordered and ordered[0]:
                link.order.release()
            self._leave(link, torn=0 < sum(written) < len(frame))
        if broken is not None:
            raise self._lost(link, broken)

    def flush(self) -> None:
        """Until what others are writing is in the kernel."""
        with self._member.chair.lock:
            link = self._member.link
            if link is None:
                raise self._member.away()
            link.enter()
        try:
            with link.order:
                pass
        finally:
            self._leave(link, torn=False)

    def _leave(self, link: Link, *, torn: bool) -> None:
        member = self._member
        with member.chair.lock:
            if torn:
                member.lose(
                    link, ConnectionClosed("a message was cut off half-way")
                )
            link.leave()
            if link.error is not None:
                member.pass_on()

    def _end(self, link: Link, reason: str) -> None:
        with self._member.chair.lock:
            self._member.lose(link, ConnectionClosed(reason))

    def _lost(self, link: Link, broken: OSError) -> PlugwireError:
        """What ended the connection: the server's goodbye, where one came
        before it, else what writing met."""
        member, chair, turn = self._member, self._member.chair, Turn()
        reason = f"the connection broke: {words(broken)}"
        while True:
            with chair.lock:
                if link.error is not None:
                    break
                if member.is_held:
                    # What came before the end waits for room.
                    return ConnectionClosed(reason)
                job = None
                if chair.is_taken:
                    # Whoever reads gets what has come, and then the end.
                    link.channel.shut()
                    chair.queue(chair.others, turn)
                else:
                    job = member.sit_down()
            if job is None:
                chair.wait(chair.others, turn, None)
            elif not member.work(job, AT_ONCE):
                self._end(link, reason)
        member.tell()
        return link.error.with_traceback(None)
