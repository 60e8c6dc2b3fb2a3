"""The kit's own codec, queue and gate."""

from __future__ import annotations

import pytest

from plugwire import MessageError
from plugwire.interfaces import Kept
from plugwire.message import Message, MessageType
from plugwire.testing.companions import (
    SHELF,
    LinesDecoder,
    LinesEncoder,
    ShelfQueue,
    Welcoming,
)


def message(data):
    return Message(
        event_name="kit",
        timestamp_ms=1,
        timestamp_iso="2026-01-09T12:00:00.123+00:00",
        message_type=MessageType.DATA,
        data=data,
    )


def item(seq):
    return Kept(seq, (b"x",), 1, 0.0)


def test_lines_come_back_and_are_counted() -> None:
    encoder, decoder = LinesEncoder(1024), LinesDecoder(1024)
    said = [message({"n": n}) for n in range(3)]
    data = encoder.frame([encoder.encode(each) for each in said])
    assert decoder.feed(data[:-5]) == said[:2]
    assert decoder.feed(data[-5:]) == said[2:]
    assert decoder.taken == len(data)


@pytest.mark.parametrize("data", [{"x": object()}, {"x": "a" * 1024}])
def test_lines_refuse_what_they_cannot_carry(data) -> None:
    with pytest.raises(MessageError):
        LinesEncoder(1024).encode(message(data))


@pytest.mark.parametrize("line", [b"{}\n", b"rubbish\n", b"x" * 2000])
def test_lines_trust_nothing(line) -> None:
    with pytest.raises(MessageError):
        LinesDecoder(1024).feed(line)


def test_the_shelf_is_for_one_and_bounded() -> None:
    queue = ShelfQueue()
    assert queue.wants(0)
    assert not queue.wants(1)
    assert queue.offer(item(0), 1) == 0
    lost = sum(queue.offer(item(n), 0) for n in range(SHELF + 3))
    assert (lost, len(queue)) == (3, SHELF)
    given = queue.preface(0, 5, 0.0)
    assert given[0].seq == 6
    queue.handed(given[0])
    queue.handed(given[0])
    queue.returned(given[1:])
    assert [kept.seq for kept in queue.preface(0, None, 0.0)[:4]] == [
        3, 4, 5, 7,
    ]  # fmt: skip
    assert queue.clear() == 0
    queue.returned(given)
    assert len(queue) == 0


def test_the_gate_is_open() -> None:
    gate = Welcoming("open").accept()
    assert gate.name == "open"
    gate.prepare()
    assert gate.admit() is gate.prove() is gate.confirm() is None
