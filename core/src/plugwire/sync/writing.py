"""How a blocking client writes: whole messages, in the callers' threads."""

from __future__ import annotations

from collections.abc import Callable
from threading import TIMEOUT_MAX, get_ident
from time import monotonic
from typing import TypeAlias

from plugwire.errors import ConnectionClosed, Denied, PlugwireError
from plugwire.sync.channel import words
from plugwire.sync.link import Link
from plugwire.sync.membership import Membership
from plugwire.sync.turns import AT_ONCE, Turn, is_past, left_until

FRESH = 100e-6
"""Seconds for which a look at what has come is not repeated. Whoever asks or
sends without a pause looks seldom so, and a connection that was lost in these
might as well have been just behind a look."""
_WITHOUT_WAITING = (False,)
Framed: TypeAlias = Callable[[int], bytes]
"""Makes a frame of one message that is of so many bytes at most, or raises
`MessageError`."""


class Late(Exception):
    """The caller's time is up."""


class Writer:
    """Writes to the link of `member`, one thread at a time."""

    __slots__ = ("_member",)

    def __init__(self, member: Membership) -> None:
        self._member = member

    def enter(self, deadline: float | None) -> Link:
        """The link to write to; this thread is among its users from now on,
        and in the chair where nobody else is.

        Where nobody reads, a look at what has come, not older than `FRESH`,
        tells first whether the connection still stands. Where it is away,
        one attempt is made.
        Raises `Late`, `ConnectionClosed` and what ended it all.
        """
        member, chair = self._member, self._member.chair
        if not member.teller.waiting:
            # As nearly always: this thread is alone, and nothing has come.
            with chair.lock:
                link = None
                if not chair.sitter and not member.is_held:
                    link = member.link
                if link is not None:
                    chair.sit(link)
            if link is not None:
                if monotonic() - link.looked < FRESH and not link.chunks:
                    return link
                if not member.read(link, AT_ONCE):
                    link.looked = monotonic()
                    return link
        turn: Turn | None = None
        tried = False
        while True:
            if member.teller.waiting:
                member.tell()
            with chair.lock:
                link, job = member.link, None
                is_taken = chair.is_taken
                if link is None and (member.end is not None or tried):
                    member.get_up()
                    raise member.away()
                if link is not None and (is_taken or member.is_held):
                    member.get_up()
                    link.enter()
                    return link
                if is_taken:
                    turn = turn or Turn()
                    chair.queue(chair.others, turn)
                else:
                    job = member.sit_down(counted=False)
            if isinstance(job, Link):
                if not member.read(job, AT_ONCE):
                    return job
            elif job is not None:
                member.work(job, deadline)
                tried = True
            elif turn is not None:
                chair.wait(chair.others, turn, deadline)
            if link is None and is_past(deadline):
                member.let_go()
                raise Late

    def write(
        self,
        link: Link,
        framed: Framed,
        deadline: float | None,
        *,
        checked: bool = False,
    ) -> bool:
        """Write one frame whole, to the link that was entered; `framed`
        makes it.

        Whether this thread sits in the chair still, since it did and had
        not to wait; else it is no user of `link` any more.

        `checked`: only where the server lets this client send; else it
        raises `Denied`. Where the time is up or the thread interrupted in
        the middle of the message, the connection ends. Raises `Late`,
        `MessageError` and `ConnectionClosed`.
        """
        member, chair = self._member, self._member.chair
        frame, written = b"", list[int]()
        is_ordered = is_whole = False
        broken: OSError | None = None
        try:
            if checked and not link.can_send:
                raise Denied(
                    f"the server of {member.way.event!r} does not let this "
                    "client send"
                )
            # Stored before a signal's handler can raise: that is where a
            # call returns, and unpacking is none.
            (is_ordered,) = map(link.order.acquire, _WITHOUT_WAITING)
            if not is_ordered:
                self._stand_up(link)
                left = left_until(deadline)
                wait = -1 if left is None else min(left, TIMEOUT_MAX)
                (is_ordered,) = map(link.order.acquire, (True,), (wait,))
            if is_ordered and link.is_torn:
                self._end(link, "a message was cut off half-way")
            if link.error is not None:
                raise link.error.with_traceback(None)
            if not is_ordered:
                raise Late
            # Not before: one thread at a time may use the encoder.
            frame = framed(link.max_message_bytes)
            is_whole = link.write(frame, AT_ONCE, written)
            if not is_whole:
                self._stand_up(link)
                is_whole = link.write(frame, deadline, written)
            if not is_whole:
                raise Late
        except OSError as error:
            broken = error
        finally:
            # Nothing is called before the release, for the same reason.
            if is_ordered:
                link.order.release()
            is_seated = is_whole and chair.sitter == get_ident()
            if not is_seated:
                self._leave(link, torn=0 < sum(written) < len(frame))
        if broken is not None:
            raise self._lost(link, broken)
        return is_seated

    def _stand_up(self, link: Link) -> None:
        """Let another one read while this thread waits to write."""
        with self._member.chair.lock:
            self._member.get_up()
            link.enter()

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
            member.get_up()

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
