"""The client's buffer of received messages."""

from __future__ import annotations

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugwire.buffer import Buffer
from plugwire.message import Message
from plugwire.protocol import Messages

MAKER = Messages("event", UTC)


def some(count: int, first: int = 0) -> list[Message]:
    return [MAKER.make({"n": first + at}) for at in range(count)]


@pytest.mark.parametrize(
    ("messages", "size", "full", "room"),
    [
        (0, 0, False, True),
        (2, 50, False, True),  # half of both
        (3, 50, False, False),
        (2, 51, False, False),
        (3, 99, False, False),
        (4, 1, True, False),
        (1, 100, True, False),
        (9, 900, True, False),  # one read may go past the limits
    ],
)
def test_b11_it_is_full_at_either_limit(
    messages: int, size: int, full: bool, room: bool
) -> None:
    buffer = Buffer(4, 100)
    buffer.put(some(messages), size)
    assert len(buffer) == messages
    assert (buffer.is_full, buffer.has_room) == (full, room)


def test_b11_bytes_are_let_go_with_the_last_message_of_their_read() -> None:
    buffer = Buffer(100, 10)
    buffer.put(some(2), 10)
    buffer.put([], 1000)  # nothing of it is held
    assert buffer.take() is not None
    assert buffer.is_full
    assert buffer.take() is not None
    assert buffer.has_room
    assert buffer.take() is None


def test_cleared_it_holds_nothing_nor_does_who_had_its_head() -> None:
    buffer = Buffer(4, 100)
    buffer.put(some(3), 60)
    buffer.put(some(2), 60)
    assert buffer.take() is not None
    head = buffer.head
    assert len(head) == 2
    buffer.clear()
    assert not head
    assert (len(buffer), buffer.take()) == (0, None)
    assert buffer.has_room
    buffer.put(messages := some(2), 60)
    assert [buffer.take(), buffer.take()] == messages


@given(
    reads=st.lists(st.tuples(st.integers(0, 5), st.integers(1, 50))),
    takes=st.lists(st.integers(0, 6)),
)
def test_order_and_count_are_those_of_a_plain_list(
    reads: list[tuple[int, int]], takes: list[int]
) -> None:
    buffer, model, number = Buffer(7, 60), list[tuple[Message, int]](), 0
    for at, (count, size) in enumerate(reads):
        messages = some(count, number)
        number += count
        buffer.put(messages, size)
        last = len(messages) - 1
        model += [
            (message, size if place == last else 0)
            for place, message in enumerate(messages)
        ]
        for _ in range(takes[at] if at < len(takes) else 0):
            expected = model.pop(0)[0] if model else None
            assert buffer.take() is expected
        assert len(buffer) == len(model)
        held = sum(size for _, size in model)
        assert buffer.is_full is (len(model) >= 7 or held >= 60)
    for message, _ in model:
        assert buffer.take() is message
    assert buffer.take() is None
    assert buffer.has_room
