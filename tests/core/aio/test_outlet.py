"""The way out to one client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from plugwire.aio.outlet import Outlet
from plugwire.errors import MessageError
from plugwire.framing import MAX_FRAME_MESSAGES, TICK_BYTES
from plugwire.interfaces import Kept
from plugwire.outbox import Ledger, Outbox, Share, make_outbox
from plugwire.settings import Lag


class Wire(asyncio.WriteTransport):
    """A transport that takes what it is given, or is gone."""

    def __init__(self) -> None:
        super().__init__()
        self.frames: list[bytes] = []
        self.gone = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.frames.append(bytes(data))

    def is_closing(self) -> bool:
        return self.gone

    def get_write_buffer_size(self) -> int:
        return 7


class Joiner:
    """An encoder, as far as frames go."""

    format = "joined"
    lines = True

    def encode(self, message: object) -> bytes:
        return b""

    def frame(self, bodies: list[bytes]) -> bytes:
        return b"|".join(bodies)


class Desk:
    """A keeper that writes down what it is told."""

    def __init__(
        self,
        lag: Lag = Lag.DISCONNECT,
        limit: int = 4,
        send: Callable[[bytes], int] | None = None,
    ) -> None:
        self.wire = Wire()
        self.told: list[object] = []
        self.ledger = Ledger()
        self._lag, self._limit = lag, limit
        joiner: Any = Joiner()
        self.outlet = Outlet(self.wire, joiner, 0, self, send)

    def make_outbox(self) -> Outbox:
        return make_outbox(
            self._lag,
            self._limit,
            1000,
            self.ledger,
            lambda n, _: b"gap%d" % n,
        )

    def cramped(self, size: int) -> None:
        self.told.append(("cramped", size))

    def lagging(self) -> None:
        self.told.append("lagging")

    def moved(self) -> None:
        self.told.append("moved")

    def overfull(self) -> None:
        self.told.append("overfull")

    def unframed(self, error: MessageError) -> None:
        self.told.append(str(error))

    def dropped(self, count: int) -> None:
        self.told.append(("dropped", count))

    def handed(self, item: Kept) -> None:
        self.told.append(item.seq)

    def emptied(self) -> None:
        self.told.append("emptied")


def share(*bodies: bytes) -> Share:
    return Share(list(bodies), [("load", 0)] * len(bodies))


def kept(seq: int, size: int = 10) -> Kept:
    return Kept(seq, (b"k" * size,), size, 0.0)


def test_a_share_is_joined_once_for_all_who_get_it() -> None:
    one, two = Desk(), Desk()
    common = share(b"a", b"b")
    one.outlet.deliver(common)
    two.outlet.deliver(common)
    assert one.wire.frames == [b"a|b"]
    assert one.wire.frames[0] is two.wire.frames[0]


def test_a_frame_goes_straight_to_the_socket_while_nothing_waits() -> None:
    sent: list[bytes] = []

    def send(data: bytes) -> int:
        sent.append(data)
        return len(data)

    desk = Desk(send=send)
    desk.outlet.deliver(share(b"a", b"b"))
    assert (sent, desk.wire.frames) == ([b"a|b"], [])
    desk.outlet.pause()
    desk.outlet.deliver(share(b"c"))
    assert sent == [b"a|b"]
    desk.outlet.resume()  # behind what the transport holds: by it
    assert (sent, desk.wire.frames) == ([b"a|b"], [b"c"])
    desk.outlet.deliver(share(b"d"))
    assert sent == [b"a|b", b"d"]


class Headed(Joiner):
    """One that says what stands before a body alone."""

    def head(self, body: bytes) -> bytes:
        return b"<%d>" % len(body)

    def frame(self, bodies: list[bytes]) -> bytes:
        return b"".join(map(self.head, bodies)) + b"|".join(bodies)


class Socket:
    """Takes `room` bytes in all."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.taken = b""
        self.calls = 0

    def send(self, data: bytes) -> int:
        return self.sendmsg((data,))

    def sendmsg(self, pieces: tuple[bytes, ...]) -> int:
        self.calls += 1
        if not self.room:
            raise BlockingIOError
        data = b"".join(pieces)[: self.room]
        self.room -= len(data)
        self.taken += data
        return len(data)


@pytest.mark.parametrize("room", [0, 1, 7, 8, 50_000, 70_007, 70_008, 1 << 20])
def test_a_large_message_goes_out_whole_with_what_stands_before_it(
    room: int,
) -> None:
    sock = Socket(room)
    desk = Desk(send=sock.send)
    desk.outlet._encoder = Headed()  # type: ignore[assignment]
    body = bytes(range(250)) * 280
    desk.outlet.deliver(share(body))
    whole = b"<70000>" + body
    assert sock.taken + b"".join(desk.wire.frames) == whole
    assert sock.taken == whole[:room]
    assert sock.calls == 1
    assert (("cramped", 70_000) in desk.told) == (7 < room < len(whole))


def test_large_messages_that_waited_go_straight_out_too() -> None:
    sock = Socket(1 << 20)
    desk = Desk(send=sock.send)
    desk.outlet._encoder = Headed()  # type: ignore[assignment]
    desk.outlet.preface([kept(1, 70_000), kept(2)])
    assert sock.taken == b"<70000>" + b"k" * 70_000
    assert desk.wire.frames == [b"<10>" + b"k" * 10]
    assert desk.told == ["lagging", 1, 2, "emptied"]


def test_what_the_kernel_leaves_is_the_transports() -> None:
    desk = Desk(send=lambda data: 2)
    desk.outlet.deliver(share(b"a", b"b"))
    assert desk.wire.frames == [b"b"]


@pytest.mark.parametrize("error", [BlockingIOError, BrokenPipeError, OSError])
def test_a_socket_that_takes_nothing_leaves_it_to_the_transport(
    error: type[OSError],
) -> None:
    def send(data: bytes) -> int:
        raise error

    desk = Desk(send=send)
    desk.outlet.deliver(share(b"a", b"b"))
    assert desk.wire.frames == [b"a|b"]
    desk.wire.gone = True
    desk.outlet.deliver(share(b"c"))
    assert desk.wire.frames == [b"a|b"]


def test_what_comes_while_it_is_paused_waits_and_is_counted() -> None:
    desk = Desk()
    desk.outlet.pause()
    desk.outlet.pause()
    desk.outlet.deliver(share(b"a", b"b"))
    desk.outlet.deliver(share(b"c"))
    assert (desk.outlet.queued, desk.outlet.queued_bytes) == (3, 3)
    assert desk.outlet.unsent_bytes == 7
    desk.outlet.deliver(share(b"d", b"e"))
    desk.outlet.resume()
    assert desk.wire.frames == [b"a|b|c"]
    assert desk.told == ["lagging", "overfull", "emptied", "moved"]
    assert desk.outlet.queued == desk.ledger.bytes == 0


def test_dropped_ones_are_told() -> None:
    desk = Desk(Lag.DROP_OLDEST)
    desk.outlet.relieve(10)
    desk.outlet.pause()
    desk.outlet.deliver(share(b"a", b"b", b"c", b"d", b"e"))
    desk.outlet.relieve(2)
    desk.outlet.resume()
    assert desk.wire.frames == [b"gap3|d|e"]
    assert desk.told == [
        "lagging", ("dropped", 1), ("dropped", 2), "emptied", "moved",
    ]  # fmt: skip


FAULT = f"the codec joined failed ({__name__}.Joiner): "


def _raise(bodies: object) -> bytes:
    raise KeyError("a fault")


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (_raise, FAULT + "KeyError: 'a fault'"),
        (lambda bodies: None, FAULT + "TypeError: frame() gave NoneType"),
        (lambda bodies: bytearray(b"a"), FAULT + "TypeError: frame() gave"),
    ],
)
def test_an_encoder_that_fails_is_told(
    monkeypatch: pytest.MonkeyPatch,
    frame: Callable[[object], Any],
    said: str,
) -> None:
    """At once, and for what had to wait."""
    monkeypatch.setattr(Joiner, "frame", staticmethod(frame))
    desk = Desk()
    assert desk.outlet.deliver(share(b"a")) is False
    assert str(desk.told.pop()).startswith(said)
    desk.outlet.pause()
    assert desk.outlet.deliver(share(b"b")) is True
    desk.told.clear()
    desk.outlet.resume()
    assert str(desk.told.pop(0)).startswith(said)
    assert desk.told == ["moved"]
    assert desk.wire.frames == []


def test_what_stands_before_a_large_message_may_fail_too() -> None:
    class Beheaded(Headed):
        def head(self, body: bytes) -> bytes:
            return _raise(body)

    desk = Desk(send=Socket(1).send)
    desk.outlet._encoder = Beheaded()  # type: ignore[assignment]
    assert desk.outlet.deliver(share(b"a" * 70_000)) is False
    assert str(desk.told).endswith(".Beheaded): KeyError: 'a fault'\"]")


def test_relief_of_one_that_drops_nothing_is_its_end() -> None:
    desk = Desk()
    desk.outlet.pause()
    desk.outlet.deliver(share(b"a"))
    desk.outlet.relieve(1)
    assert desk.told == ["lagging", "overfull"]
    assert desk.outlet.close() == ([], 1)
    assert desk.ledger.bytes == 0


def test_kept_ones_go_first_in_frames_of_their_own() -> None:
    desk = Desk()
    size = TICK_BYTES // 2
    desk.outlet.preface([kept(1, size), kept(2, size), kept(3, size)])
    frames = [len(frame) for frame in desk.wire.frames]
    assert frames == [2 * size + 1, size]
    assert desk.told == ["lagging", 1, 2, 3, "emptied"]


def test_many_small_ones_fit_a_frame() -> None:
    desk = Desk()
    count = MAX_FRAME_MESSAGES + 1
    desk.outlet.preface([kept(n, 1) for n in range(count)])
    counts = [frame.count(b"k") for frame in desk.wire.frames]
    assert counts == [MAX_FRAME_MESSAGES, 1]


def test_kept_ones_that_were_not_taken_come_back() -> None:
    desk = Desk()
    desk.outlet.preface([])
    desk.outlet.pause()
    items = [kept(1), kept(2)]
    desk.outlet.preface(items)
    desk.outlet.deliver(share(b"a"))
    assert desk.wire.frames == []
    assert desk.outlet.close() == (items, 1)


def test_b7_kept_ones_written_to_who_is_gone_come_back() -> None:
    desk = Desk()
    desk.wire.gone = True
    items = [kept(1, TICK_BYTES), kept(2, TICK_BYTES)]
    desk.outlet.preface(items)
    assert len(desk.wire.frames) == 1
    assert desk.outlet.close() == (items, 0)
    assert 1 not in desk.told
