"""What a blocking client has received, and several threads take."""

from __future__ import annotations

import itertools
import sys
import threading
from datetime import UTC

from hypothesis import given
from hypothesis import strategies as st

from plugwire.message import Message
from plugwire.protocol import Messages
from plugwire.sync.inbox import Inbox

MAKER = Messages("event", UTC)


def some(count: int, first: int = 0) -> list[Message]:
    return [MAKER.make({"n": first + at}) for at in range(count)]


@given(
    reads=st.lists(st.tuples(st.integers(0, 5), st.integers(1, 50))),
    steps=st.lists(st.sampled_from(["take", "pop", "settle"]), max_size=60),
)
def test_popped_or_taken_order_count_and_bytes_are_right(
    reads: list[tuple[int, int]], steps: list[str]
) -> None:
    inbox, model, number = Inbox(7, 60), list[tuple[Message, int]](), 0
    for count, size in reads:
        messages = some(count, number)
        number += count
        inbox.put(messages, size)
        model += [
            (message, 0 if message is not messages[-1] else size)
            for message in messages
        ]
    for step in steps:
        if step == "take":
            expected = model.pop(0)[0] if model else None
            assert inbox.take() is expected
        elif step == "pop" and inbox.head:
            assert inbox.head.popleft() is model.pop(0)[0]
        else:
            inbox.settle()
        assert len(inbox) == len(model)
    inbox.settle()
    held = sum(size for _, size in model)
    assert inbox.is_full is (len(model) >= 7 or held >= 60)
    for message, _ in model:
        assert inbox.take() is message
    assert inbox.take() is None
    assert inbox.has_room


def test_a_message_popped_and_not_settled_holds_nothing_up() -> None:
    """As after an interruption between the two."""
    inbox = Inbox(10, 10)
    inbox.put(some(2), 10)
    inbox.put(some(1, 2), 5)
    assert inbox.take() is not None
    assert inbox.head.popleft().data == {"n": 1}
    assert inbox.is_full
    message = inbox.take()
    assert message is not None
    assert message.data == {"n": 2}
    assert inbox.has_room
    assert inbox.is_empty


def test_no_message_is_handed_to_two_threads_nor_to_none() -> None:
    """Some take under the lock, some pop without it."""
    inbox, lock, over = Inbox(10**6, 10**9), threading.Lock(), list[int]()
    found: list[list[int]] = [[], [], []]

    def pop(own: list[int]) -> None:
        while not over:
            head = inbox.head
            try:
                while True:
                    own.append(head.popleft().data["n"])
            except IndexError:
                with lock:
                    inbox.settle()

    def take(own: list[int]) -> None:
        while not over:
            with lock:
                message = inbox.take()
            if message is not None:
                own.append(message.data["n"])

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [
            threading.Thread(target=work, args=(own,))
            for work, own in zip((pop, pop, take), found, strict=True)
        ]
        for thread in threads:
            thread.start()
        for first in range(0, 20000, 5):
            with lock:
                inbox.put(some(5, first), 50)
        while len(inbox):
            with lock:
                inbox.settle()
        over.append(1)
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert sorted(itertools.chain(*found)) == list(range(20000))
    for own in found:
        assert own == sorted(own)
    inbox.settle()
    assert inbox.has_room
    assert inbox.is_empty
