"""The tick: what was said to whom, joined into shares; no I/O.

What a server says within one turn of its loop is a tick. Encoded bodies are
appended once, to the `Lane` of their codec, and each client has a `Seat`: a
place in the tick from which on it has yet to receive. At the end of the turn
the lane hands each seat its *share*, and seats with the same place get the
very same one.

One rule keeps the order: whatever changes what one client receives (a
unicast, a reply, attach, detach, join, an exclusion) first *closes* that
client's share, that is, moves it to what the seat alone is owed. So a
broadcast costs nothing a client, a session's broadcast costs by the
session's size, and each client still has one sequence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from plugwire.encoders import stamped
from plugwire.framing import MAX_FRAME_MESSAGES, TICK_BYTES
from plugwire.interfaces import Encoder
from plugwire.outbox import Mark, Share

_NO_MARKS: list[Mark | None] = []
"""Of who is owed nothing alone, as are nearly all; never written to."""
_WHOLE = (0, None, 0)
"""The place of who has yet to receive all that was said to all, no more."""
_UNMARKED = (None,)
"""The marks of one message that may not be dropped."""


class Chat:
    """What a session was told within the tick: the place in the lane's
    bodies at which each body belongs, the body, its mark."""

    __slots__ = ("name", "said", "seats")

    def __init__(self, name: str) -> None:
        self.name = name
        self.said: list[tuple[int, bytes, Mark | None]] = []
        self.seats: dict[Seat, None] = {}


class Seat:
    """One client's place in its lane's tick.

    `deliver` is called with what the client is to get, in order, and says
    whether it was taken; it must not raise. A seat takes part in ticks once
    it is taken (`Lane.take`), and `hears_all` when broadcasts to all are for
    it too; what is said to it alone it gets all the same, when it is
    flushed. `sent` messages were taken.
    """

    __slots__ = ("_chat", "_chat_start", "_epoch", "_lane", "_own",
                 "_own_marks", "_own_size", "_session", "_start", "deliver",
                 "hears_all", "held", "left", "sent", "taken")  # fmt: skip

    def __init__(self, lane: Lane, deliver: Callable[[Share], object]) -> None:
        self._lane = lane
        self.deliver = deliver
        self.taken = False
        self.hears_all = False
        self.held = False
        self.left = False
        self.sent = 0
        self._epoch = -1
        self._start = 0
        self._session: str | None = None
        self._chat: Chat | None = None
        self._chat_start = 0
        self._own: list[bytes] | None = None
        self._own_marks = _NO_MARKS
        self._own_size = 0

    @property
    def owed(self) -> int:
        """Bytes that wait for this seat alone."""
        return self._own_size

    @property
    def owed_messages(self) -> int:
        """How many messages they are."""
        return len(self._own) if self._own is not None else 0

    def is_of(self, lane: Lane) -> bool:
        """Whether this seat is in `lane`."""
        return self._lane is lane

    def hears(self, session: str | None) -> bool:
        """Whether a broadcast to `session` (None: to all) is for it."""
        if session is None:
            return self.taken and self.hears_all
        chat = self._chat
        return self.taken and chat is not None and chat.name == session

    def say(self, body: bytes, mark: Mark | None = None) -> None:
        """Owe `body` to this client alone, behind all that it was owed
        before. While the seat is `held` nothing of it leaves."""
        self._close()
        own = self._own
        if (
            own
            and not self.held
            and (
                self._own_size + len(body) > TICK_BYTES
                or len(own) >= MAX_FRAME_MESSAGES
            )
        ):
            self.flush()
        if not self.left:  # the flush may have been too much for it
            self._owe((body,), (mark,))

    def answer(self, body: bytes) -> None:
        """`say` and `flush`."""
        chat = self._chat
        if (
            self._own is None
            and not self._lane.bodies
            and (chat is None or not chat.said)
            and not self.held
        ):
            # It has all that it was owed: there is no share to be closed.
            self.hand(Share([body], _UNMARKED))
            return
        self.say(body)
        self.flush()

    def hear(self, session: str | None) -> None:
        """Receive what `session` is told from now on, no other's."""
        self._close()
        if self._chat is not None:
            self._lane.quit_chat(self._chat, self)
            self._chat = None
        self._session = session
        if self.taken and session is not None:
            self._chat = chat = self._lane.join_chat(session, self)
            self._chat_start = len(chat.said)

    def flush(self) -> None:
        """Deliver all that this client is owed now."""
        if self._lane.bodies or self._chat is not None:
            self._close()
        own = self._own
        if own is None or self.held:
            return
        marks = self._own_marks
        self._own, self._own_marks, self._own_size = None, _NO_MARKS, 0
        self._lane.debtors.pop(self, None)
        for share in in_shares(own, marks):
            if not self.left:  # a share may have been too much for it
                self.hand(share)

    def leave(self) -> None:
        """The client has gone: forget what it was owed, owe it nothing
        from now on."""
        self.left = True
        self.hear(None)
        self._epoch = self._lane.epoch  # a flush under way looks at it
        self._lane.seats.pop(self, None)
        self._lane.debtors.pop(self, None)
        self.taken = False
        self._own, self._own_marks, self._own_size = None, _NO_MARKS, 0

    # ------------------------------------------------- for the lane only

    def hand(self, share: Share) -> None:
        """Deliver `share`, and count its messages."""
        count = len(share.bodies)
        if self.deliver(share):
            self.sent += count
            self._lane.sent += count
        else:
            self._lane.lost += count

    def place(self) -> tuple[int, Chat | None, int]:
        """From where on in the tick this seat has yet to receive."""
        chat = self._chat
        if chat is not None and not chat.said:
            chat = None
        fresh = self._epoch != self._lane.epoch
        start = 0 if fresh else self._start
        if not self.hears_all:
            start = -1
        return start, chat, 0 if fresh or chat is None else self._chat_start

    def _close(self) -> None:
        """Move the share so far to what is owed to this seat alone."""
        if not self.taken:
            return
        lane = self._lane
        if lane.bodies or self._chat is not None:
            bodies, marks = lane.cut(self.place())
            if bodies:
                self._owe(bodies, marks)
        self._epoch = lane.epoch
        lane.is_uneven = True
        self._start = len(lane.bodies)
        self._chat_start = len(self._chat.said) if self._chat else 0

    def _owe(
        self, bodies: Iterable[bytes], marks: Iterable[Mark | None]
    ) -> None:
        if self._own is None:
            self._own, self._own_marks = [], []
            if not self.held:
                self._lane.debtors[self] = None
        before = len(self._own)
        self._own += bodies
        self._own_marks += marks
        self._own_size += sum(map(len, self._own[before:]))


class Lane:
    """The tick of all doors that encode alike.

    `bodies` and `marks` are what was said to all; `size` the bytes of the
    tick; `epoch` the tick's number, which makes every seat's place the
    beginning again without touching it. `sent` messages were taken by seats,
    counted once for each, and `lost` were not.
    """

    __slots__ = ("_chats", "_told", "bodies", "count", "debtors", "encode",
                 "encoder", "epoch", "is_uneven", "lost", "marks", "seats",
                 "sent", "size")  # fmt: skip

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self.encode = stamped(encoder)
        self.bodies: list[bytes] = []
        self.marks: list[Mark | None] = []
        self.size = 0
        self.count = 0
        self.sent = 0
        self.lost = 0
        self.epoch = 0
        self.is_uneven = False
        """Whether any seat's place is not the beginning, or may be."""
        self.seats: dict[Seat, None] = {}
        self.debtors: dict[Seat, None] = {}
        self._chats: dict[str, Chat] = {}
        self._told: dict[Chat, None] = {}

    def take(self, seat: Seat, *, hears_all: bool = True) -> None:
        """`seat` receives from now on: what its session is told and, where
        it `hears_all`, what is said to all."""
        seat.taken = True
        seat.hears_all = hears_all
        seat._epoch = self.epoch
        self.is_uneven = True
        seat._start = len(self.bodies)
        seat.hear(seat._session)
        if hears_all:
            self.seats[seat] = None

    @property
    def has_chats(self) -> bool:
        """Whether any session is heard here."""
        return bool(self._chats)

    def audience(self, session: str) -> int:
        """How many seats hear `session`."""
        chat = self._chats.get(session)
        return len(chat.seats) if chat is not None else 0

    def broadcast(self, body: bytes, mark: Mark | None) -> None:
        """Say `body` to all seats that hear all."""
        size = self.size + len(body)
        if self.count and (
            size > TICK_BYTES or self.count >= MAX_FRAME_MESSAGES
        ):
            self.flush()
            size = len(body)
        self.size = size
        self.count += 1
        self.bodies.append(body)
        self.marks.append(mark)

    def broadcast_but(
        self, body: bytes, mark: Mark | None, exclude: Iterable[Seat]
    ) -> None:
        """Say `body` to all seats that hear all, but for `exclude`."""
        self._room(len(body))
        # Those of other lanes have their places elsewhere.
        without = [seat for seat in exclude if seat in self.seats]
        for seat in without:
            seat._close()
        self.bodies.append(body)
        self.marks.append(mark)
        for seat in without:
            seat._start = len(self.bodies)

    def broadcast_in(
        self,
        session: str,
        body: bytes,
        mark: Mark | None,
        *,
        exclude: Iterable[Seat] = (),
    ) -> None:
        """Say `body` to the seats that hear `session`."""
        chat = self._chats.get(session)
        if chat is None:
            return
        self._room(len(body))
        without = [seat for seat in exclude if seat in chat.seats]
        for seat in without:
            seat._close()
        chat.said.append((len(self.bodies), body, mark))
        self._told[chat] = None
        for seat in without:
            seat._chat_start = len(chat.said)

    def _room(self, size: int) -> None:
        """Flush first when the tick would pass its limits."""
        if self.count and (
            self.size + size > TICK_BYTES or self.count >= MAX_FRAME_MESSAGES
        ):
            self.flush()
        self.size += size
        self.count += 1

    @property
    def idle(self) -> bool:
        """Whether a flush would do nothing."""
        return not (self.bodies or self._told or self.debtors)

    def flush(self) -> None:
        """Hand every seat its share, and begin the next tick."""
        bodies = self.bodies
        count = len(bodies)
        whole = Share(bodies, self.marks)
        if self.is_uneven or self._told or self.debtors:
            self._flush_unevenly(whole)
        elif count:
            epoch, sent = self.epoch, 0
            # A copy: whoever cannot be delivered to leaves.
            for seat in tuple(self.seats):
                if seat._epoch == epoch:
                    continue  # it has just left
                if seat.deliver(whole):
                    seat.sent += count
                    sent += count
                else:
                    self.lost += count
            self.sent += sent
        whole.frame = None
        self.bodies = []
        self.marks = []
        self.size = self.count = 0
        self.epoch += 1

    def _flush_unevenly(self, whole: Share) -> None:
        """Where the seats have different places in the tick."""
        told = self._told
        seats: Iterable[Seat] = tuple(self.seats) if whole.bodies else ()
        if told or self.debtors:
            seats = self._with_told_and_owed(seats)
        memo: dict[tuple[int, Chat | None, int], Share] = {}
        for seat in seats:
            self._flush_one(seat, whole, memo)
        for share in memo.values():
            share.frame = None
        for chat in told:
            chat.said = []
        self._told = {}
        if whole.bodies:  # else there are seats that were not looked at
            self.is_uneven = any(seat.held for seat in seats)

    def _with_told_and_owed(self, seats: Iterable[Seat]) -> Iterable[Seat]:
        touched = dict.fromkeys(seats)
        for chat in self._told:
            touched.update(chat.seats)
        touched.update(self.debtors)
        return touched

    def _flush_one(
        self,
        seat: Seat,
        whole: Share,
        memo: dict[tuple[int, Chat | None, int], Share],
    ) -> None:
        """Hand `seat` its share, which may be less or more than `whole`."""
        if seat.left:
            return
        if seat.held or seat._own is not None:
            seat.flush()
            return
        place = seat.place()
        share = whole if place == _WHOLE else memo.get(place)
        if share is None:
            share = memo[place] = Share(*self.cut(place))
        if share.bodies:
            seat.hand(share)

    # ------------------------------------------------ for the seats only

    def cut(
        self, place: tuple[int, Chat | None, int]
    ) -> tuple[list[bytes], list[Mark | None]]:
        """The bodies and marks of the tick from `place` on."""
        start, chat, chat_start = place
        if start < 0:
            said = chat.said[chat_start:] if chat else []
            return [told[1] for told in said], [told[2] for told in said]
        if chat is None:
            if not start:
                return self.bodies, self.marks
            return self.bodies[start:], self.marks[start:]
        bodies: list[bytes] = []
        marks: list[Mark | None] = []
        at = start
        for where, body, mark in chat.said[chat_start:]:
            bodies += self.bodies[at:where]
            marks += self.marks[at:where]
            at = max(at, where)
            bodies.append(body)
            marks.append(mark)
        bodies += self.bodies[at:]
        marks += self.marks[at:]
        return bodies, marks

    def join_chat(self, session: str, seat: Seat) -> Chat:
        """`seat` hears `session` from now on."""
        chat = self._chats.get(session)
        if chat is None:
            chat = self._chats[session] = Chat(session)
        chat.seats[seat] = None
        return chat

    def quit_chat(self, chat: Chat, seat: Seat) -> None:
        """`seat` hears `chat` no more."""
        chat.seats.pop(seat, None)
        if not chat.seats:
            self._chats.pop(chat.name, None)


def in_shares(
    bodies: list[bytes], marks: list[Mark | None]
) -> Iterable[Share]:
    """`bodies` cut into shares that each fit a frame."""
    if len(bodies) == 1:  # an answer, say
        yield Share(bodies, marks)
        return
    start = size = 0
    for at, body in enumerate(bodies):
        if at > start and (
            size + len(body) > TICK_BYTES or at - start >= MAX_FRAME_MESSAGES
        ):
            yield Share(bodies[start:at], marks[start:at])
            start, size = at, 0
        size += len(body)
    if start < len(bodies):
        yield Share(bodies[start:], marks[start:])
