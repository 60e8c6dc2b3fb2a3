"""Layers that do what the others do, and are counted."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from plugwire.errors import MessageError
from plugwire.interfaces import ALLOW, Deny, Kept, Peer, Subject
from plugwire.message import Message
from plugwire_metrics.layers import (
    MAX_LATENCY,
    CountingDecoder,
    CountingEncoder,
    CountingQueue,
    Stopwatch,
    counting,
)
from plugwire_metrics.tally import Denials, Flow, Keeping
from plugwire_msgpack import MsgpackDecoder, MsgpackEncoder
from plugwire_queue import Fifo
from plugwire_queue.fifo import FifoSettings

Make = Callable[..., Message]
PEER = Peer(transport="unix", address="here")
SUBJECT = Subject("status")
LIMIT = 1 << 20


def test_an_encoder_is_as_it_was_and_counted(message: Make) -> None:
    flow, bare = Flow({}), MsgpackEncoder(LIMIT)
    encoder = CountingEncoder(bare, flow)
    bodies = [encoder.encode(message(data={"n": n})) for n in range(3)]
    assert bodies == [bare.encode(message(data={"n": n})) for n in range(3)]
    frame = encoder.frame(bodies)
    assert frame == bare.frame(bodies)
    assert (encoder.format, encoder.lines) == ("msgpack", False)
    assert (flow.data, flow.bytes) == (3, len(frame))


def test_what_cannot_be_encoded_is_not_counted(message: Make) -> None:
    flow = Flow({})
    with pytest.raises(MessageError):
        CountingEncoder(MsgpackEncoder(LIMIT), flow).encode(
            message(data={"set": {1}})
        )
    assert flow.data == 0


def test_a_decoder_is_as_it_was_and_counted(message: Make) -> None:
    flow, bare = Flow({}), MsgpackEncoder(LIMIT)
    decoder = CountingDecoder(MsgpackDecoder(LIMIT), flow, None)
    wire = bare.frame([bare.encode(message(data={"n": n})) for n in (1, 2)])
    assert decoder.feed(wire[:10]) == []
    assert (flow.data, flow.bytes) == (0, 10)
    assert [m.data["n"] for m in decoder.feed(wire[10:])] == [1, 2]
    assert (flow.data, flow.bytes) == (2, len(wire))
    with pytest.raises(MessageError):
        decoder.feed(b"\xff\xff\xff\xff")
    assert flow.bytes == len(wire)


def test_what_only_some_decoders_have_is_handed_on() -> None:
    class Unpacking(MsgpackDecoder):
        unpacked = 7

    unpacking: Any = CountingDecoder(Unpacking(LIMIT), Flow({}), None)
    plain = CountingDecoder(MsgpackDecoder(LIMIT), Flow({}), None)
    assert unpacking.unpacked == 7
    assert not hasattr(plain, "unpacked")


# ------------------------------------------------------------------ latency


@pytest.mark.parametrize(
    ("ago", "least", "most"),
    [(0, 0, 60), (3600, 3600, 3660), (-3600, 0, 0),
     (10 * MAX_LATENCY, MAX_LATENCY, MAX_LATENCY)],
)  # fmt: skip
def test_a_latency_is_the_age_within_bounds(
    message: Make, ago: float, least: float, most: float
) -> None:
    seen: list[float] = []
    stamp = int((time.time() - ago) * 1000)
    Stopwatch(1, seen.append).look(message(timestamp_ms=stamp))
    (seconds,) = seen
    assert least <= seconds <= most


@pytest.mark.parametrize("stamp", [-(1 << 63), (1 << 63) - 1])
def test_no_timestamp_is_too_wrong(message: Make, stamp: int) -> None:
    seen: list[float] = []
    Stopwatch(1, seen.append).look(message(timestamp_ms=stamp))
    assert seen in ([0.0], [MAX_LATENCY])


def test_it_is_recorded_so_often_a_second_at_most(
    message: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenths = itertools.count(1000)
    monkeypatch.setattr(time, "monotonic", lambda: next(tenths) / 10)
    seen: list[float] = []
    watch = Stopwatch(2, seen.append)
    for _ in range(20):  # two seconds
        watch.look(message())
    assert len(seen) == 4


def test_of_a_read_the_first_message_is_looked_at(message: Make) -> None:
    seen: list[float] = []
    bare = MsgpackEncoder(LIMIT)
    decoder = CountingDecoder(
        MsgpackDecoder(LIMIT), Flow({}), Stopwatch(1_000_000, seen.append)
    )
    now = time.time_ns() // 1_000_000
    old = message(timestamp_ms=now - 7_200_000)
    new = message(timestamp_ms=now)
    decoder.feed(bare.frame([bare.encode(m) for m in (old, new)]))
    assert len(seen) == 1
    assert seen[0] >= 7200


# -------------------------------------------------------- checks and queues


@pytest.mark.parametrize("verdict", [Deny("no"), None, False, "allow"])
def test_all_but_allow_is_handed_on_and_counted(verdict: Any) -> None:
    denials = Denials({})
    checked = counting(lambda *_: verdict, denials)
    assert checked(PEER, "send", SUBJECT) is verdict
    assert denials.verbs == {"send": 1}


def test_allow_is_not_counted() -> None:
    denials = Denials({})
    checked = counting(lambda *_: ALLOW, denials)
    assert checked(PEER, "send", SUBJECT) is ALLOW
    assert denials.verbs == {}


def test_a_check_that_raises_denies_and_raises_still() -> None:
    denials = Denials({})

    def check(peer: Peer, verb: str, subject: Subject) -> Any:
        raise OSError(f"no file for {verb}")

    with pytest.raises(OSError, match="no file for attach"):
        counting(check, denials)(PEER, "attach", SUBJECT)
    assert denials.verbs == {"attach": 1}


def kept(numbers: Sequence[int]) -> list[Kept]:
    return [Kept(n, (b"x",), 1, time.monotonic()) for n in numbers]


def test_a_queue_is_as_it_was_and_counted() -> None:
    keeping = Keeping({})
    bare = Fifo(FifoSettings(size=3)).queue()
    queue = CountingQueue(bare, keeping)
    assert queue.wants(0) is bare.wants(0)
    assert queue.wants(1) is bare.wants(1)
    lost = [queue.offer(item, 0) for item in kept(range(5))]
    assert sum(lost) == keeping.lost == 2
    assert keeping.kept == len(queue) == len(bare) == 3
    first, *others = queue.preface(0, None, time.monotonic())
    queue.handed(first)
    assert keeping.kept == 2
    queue.returned(others)
    assert keeping.kept == len(bare) == 2
    assert queue.clear() == 2
    assert (keeping.kept, keeping.lost) == (0, 2)
