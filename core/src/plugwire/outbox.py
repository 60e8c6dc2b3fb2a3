"""One client's bounded outgoing queue, and its lag policy; no I/O.

A client has no outbox while the kernel takes what it is given. At its first
lag it gets one, which holds references to shares (the bodies that clients
with the same share have in common), not frames of its own.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

from plugwire.framing import MAX_FRAME_MESSAGES, TICK_BYTES
from plugwire.settings import Lag

Bodies: TypeAlias = list[bytes]
Mark: TypeAlias = tuple[str, int]
"""Of a message that may be dropped: its event name, and its `seq`, or 0 for
one that is not numbered."""


class Full(Exception):
    """The client has to be disconnected: what it is owed does not fit."""


class Share:
    """Encoded messages in order, common to all clients that get just these.

    `marks` has for each body the mark of a message that may be dropped, or
    None for one that never is (control, errors, replies).
    `frame` is a slot for whoever joins the bodies first.
    """

    __slots__ = ("_size", "bodies", "frame", "holders", "marks")

    def __init__(
        self, bodies: Sequence[bytes], marks: Sequence[Mark | None]
    ) -> None:
        self.bodies = bodies
        self.marks = marks
        self._size = -1
        self.holders = 0
        self.frame: bytes | None = None

    @property
    def size(self) -> int:
        """Bytes of all bodies. Added up when first asked: only an outbox
        does, and nearly all shares never see one."""
        if self._size < 0:
            self._size = sum(map(len, self.bodies))
        return self._size


class Ledger:
    """What all outboxes of a server hold together, shared bodies counted
    once."""

    __slots__ = ("_holders", "bytes")

    def __init__(self) -> None:
        self._holders: dict[int, int] = {}
        self.bytes = 0

    def hold(self, body: bytes) -> None:
        """One more holder of `body`, which it keeps alive itself."""
        key = id(body)
        count = self._holders.get(key, 0)
        self._holders[key] = count + 1
        if not count:
            self.bytes += len(body)

    def release(self, body: bytes) -> None:
        """One holder less."""
        key = id(body)
        count = self._holders.pop(key)
        if count > 1:
            self._holders[key] = count - 1
        else:
            self.bytes -= len(body)

    def hold_share(self, share: Share) -> None:
        """One more outbox holds `share`: its bodies count at the first."""
        if not share.holders:
            for body in share.bodies:
                self.hold(body)
        share.holders += 1

    def release_share(self, share: Share) -> None:
        """One outbox less holds `share`."""
        share.holders -= 1
        if not share.holders:
            for body in share.bodies:
                self.release(body)


class Outbox(Protocol):
    """What a policy's outbox does. `messages` and `bytes` are queued now."""

    messages: int
    bytes: int

    def put(self, share: Share) -> int:
        """Queue `share`; returns how many messages were dropped for it.
        Raises `Full`, with nothing changed, when the client has to go."""

    def take(self) -> Bodies:
        """The bodies of the next frame, gone from the outbox; empty when
        there is nothing."""

    def relieve(self, excess: int) -> int:
        """All outboxes together hold `excess` bytes too much: drop as many
        here, where the policy allows it, and return how many messages that
        were. Raises `Full` where it allows none."""

    def clear(self) -> int:
        """Let everything go; returns how many messages that were."""


class WholeOutbox:
    """Policy `disconnect`: drops nothing, and is full at its limits."""

    __slots__ = ("_ledger", "_max_bytes", "_max_messages", "_shares",
                 "bytes", "messages")  # fmt: skip

    def __init__(
        self, max_messages: int, max_bytes: int, ledger: Ledger
    ) -> None:
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._ledger = ledger
        self._shares: deque[Share] = deque()
        self.messages = 0
        self.bytes = 0

    def put(self, share: Share) -> int:
        messages = self.messages + len(share.bodies)
        size = self.bytes + share.size
        if messages > self._max_messages or size > self._max_bytes:
            raise Full
        self._shares.append(share)
        self._ledger.hold_share(share)
        self.messages, self.bytes = messages, size
        return 0

    def take(self) -> Bodies:
        shares = self._shares
        bodies: list[bytes] = []
        size = 0
        while shares:
            share = shares[0]
            count = len(bodies) + len(share.bodies)
            if bodies and (
                size + share.size > TICK_BYTES or count > MAX_FRAME_MESSAGES
            ):
                break
            shares.popleft()
            self._ledger.release_share(share)
            size += share.size
            bodies += share.bodies
        self.messages -= len(bodies)
        self.bytes -= size
        return bodies

    def relieve(self, excess: int) -> int:  # noqa: ARG002
        raise Full

    def clear(self) -> int:
        count = self.messages
        for share in self._shares:
            self._ledger.release_share(share)
        self._shares.clear()
        self.messages = self.bytes = 0
        return count


class _Entry:
    """A body in a ring, its mark, how many were lost just before it, and
    the last number among those."""

    __slots__ = ("after", "before", "body", "mark", "missed", "upto")

    def __init__(self, body: bytes, mark: Mark | None) -> None:
        self.body = body
        self.mark = mark
        self.missed = 0
        self.upto = 0
        self.before: _Entry
        self.after: _Entry


class LossyOutbox:
    """Policies `drop_oldest`, `drop_newest` and `keep_latest`.

    What is dropped is counted, and told by one notice at the place where
    the messages are missing. The notice has the last number among them, so
    that a client which comes back does not ask for them.

    `keep_latest` holds one message of an event name, the newest, from the
    first lag on: waiting for the outbox to be full would hand a slow reader
    a thousand old states first.
    """

    __slots__ = ("_droppable", "_end", "_latest", "_ledger", "_max_bytes",
                 "_max_messages", "_must_bytes", "_must_messages", "_notice",
                 "_policy", "bytes", "messages")  # fmt: skip

    def __init__(
        self,
        policy: Lag,
        max_messages: int,
        max_bytes: int,
        ledger: Ledger,
        notice: Callable[[int, int], bytes],
    ) -> None:
        self._policy = policy
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._ledger = ledger
        self._notice = notice
        # A ring, so that what is dropped leaves its count to its follower,
        # wherever it was. `_end` closes it, and counts what was lost last.
        self._end = _Entry(b"", None)
        self._end.before = self._end.after = self._end
        # An OrderedDict, for a dict's first key is slow to find once many
        # before it were deleted.
        self._droppable: OrderedDict[_Entry, None] = OrderedDict()
        self._latest: dict[str, _Entry] = {}
        self._must_messages = 0
        self._must_bytes = 0
        self.messages = 0
        self.bytes = 0

    def put(self, share: Share) -> int:
        must = [
            len(body)
            for body, mark in zip(share.bodies, share.marks, strict=True)
            if mark is None
        ]
        if must and not self._could_hold(len(must), sum(must)):
            raise Full
        dropped = 0
        for body, mark in zip(share.bodies, share.marks, strict=True):
            dropped += self._add(body, mark)
        return dropped

    def _could_hold(self, count: int, size: int) -> bool:
        """Whether these would fit if all were dropped that may be."""
        return (
            self._must_messages + count <= self._max_messages
            and self._must_bytes + size <= self._max_bytes
        )

    def _add(self, body: bytes, mark: Mark | None) -> int:
        """Queue one; returns how many were dropped, itself perhaps."""
        size = len(body)
        if mark is not None and not self._could_hold(1, size):
            self._miss(self._end, 1, mark[1])
            return 1
        dropped = 0
        if mark is not None and self._policy is Lag.KEEP_LATEST:
            old = self._latest.get(mark[0])
            if old is not None:
                self._drop(old)
                dropped = 1
        while (
            self.messages >= self._max_messages
            or self.bytes + size > self._max_bytes
        ):
            if mark is not None and self._policy is Lag.DROP_NEWEST:
                self._miss(self._end, 1, mark[1])
                return dropped + 1
            self._drop(self._next_victim())
            dropped += 1
        entry = _Entry(body, mark)
        end = self._end
        entry.missed, end.missed = end.missed, 0
        entry.upto, end.upto = end.upto, 0
        entry.before, entry.after = end.before, end
        end.before.after = end.before = entry
        self._ledger.hold(body)
        self.messages += 1
        self.bytes += size
        if mark is None:
            self._must_messages += 1
            self._must_bytes += size
        else:
            self._droppable[entry] = None
            if self._policy is Lag.KEEP_LATEST:
                self._latest[mark[0]] = entry
        return dropped

    def _next_victim(self) -> _Entry:
        if self._policy is Lag.DROP_NEWEST:
            return next(reversed(self._droppable))
        return next(iter(self._droppable))

    def _drop(self, entry: _Entry) -> None:
        """Let `entry` go, and have it told where it was."""
        assert entry.mark is not None, "it may be dropped"
        upto = max(entry.upto, entry.mark[1])
        self._miss(entry.after, entry.missed + 1, upto)
        self._remove(entry)

    def _miss(self, follower: _Entry, count: int, upto: int) -> None:
        follower.missed += count
        follower.upto = max(follower.upto, upto)

    def _remove(self, entry: _Entry) -> None:
        entry.before.after, entry.after.before = entry.after, entry.before
        body, mark = entry.body, entry.mark
        self._ledger.release(body)
        self.messages -= 1
        self.bytes -= len(body)
        if mark is None:
            self._must_messages -= 1
            self._must_bytes -= len(body)
            return
        del self._droppable[entry]
        if self._latest.get(mark[0]) is entry:
            del self._latest[mark[0]]

    def take(self) -> Bodies:
        bodies: list[bytes] = []
        size = 0
        while len(bodies) < MAX_FRAME_MESSAGES:
            entry = self._end.after
            if entry.missed:
                body = self._notice(entry.missed, entry.upto)
            elif entry is self._end:
                break
            else:
                body = entry.body
            if bodies and size + len(body) > TICK_BYTES:
                break
            if entry.missed:
                entry.missed = entry.upto = 0
            else:
                self._remove(entry)
            bodies.append(body)
            size += len(body)
        return bodies

    def relieve(self, excess: int) -> int:
        if not self._droppable:
            raise Full
        target = self.bytes - excess
        dropped = 0
        while self.bytes > target and self._droppable:
            self._drop(self._next_victim())
            dropped += 1
        return dropped

    def clear(self) -> int:
        count = self.messages
        while self._end.after is not self._end:
            self._remove(self._end.after)
        self._end.missed = self._end.upto = 0
        return count


def make_outbox(
    policy: Lag,
    max_messages: int,
    max_bytes: int,
    ledger: Ledger,
    notice: Callable[[int, int], bytes],
) -> Outbox:
    """The outbox of `policy`; `notice` encodes the message that tells a
    client how many it missed, up to which number (0: none of them had
    one)."""
    if policy is Lag.DISCONNECT:
        return WholeOutbox(max_messages, max_bytes, ledger)
    return LossyOutbox(policy, max_messages, max_bytes, ledger, notice)
