"""A client's callbacks: in order, one at a time, whoever calls them."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from peers import Call, wait_until

from plugwire.logs import BURST
from plugwire.sync.backend import Callbacks
from plugwire.sync.telling import Loss, Teller


def test_they_are_called_in_order_and_once() -> None:
    teller, told = Teller(), list[int]()
    assert not teller.has_news
    for number in range(5):
        teller.add("f", lambda n=number: told.append(n))
    assert teller.has_news
    teller.tell()
    teller.tell()
    assert told == [0, 1, 2, 3, 4]
    assert not teller.has_news


def test_what_one_raises_is_logged_and_the_next_is_called(
    caplog: pytest.LogCaptureFixture,
) -> None:
    teller, told = Teller(), list[int]()
    teller.add("on_gap", lambda: 1 // 0)
    teller.add("on_gap", lambda: told.append(1))
    teller.tell()
    assert told == [1]
    assert "on_gap raised ZeroDivisionError" in caplog.text


def test_a_server_cannot_fill_the_log_with_what_one_raises(
    caplog: pytest.LogCaptureFixture,
) -> None:
    teller = Teller()
    for _ in range(5 * BURST):
        teller.add("on_gap", lambda: 1 // 0)
        teller.tell()
    assert len(caplog.records) == BURST


def test_who_tells_while_another_does_is_not_kept_waiting() -> None:
    teller, told, go = Teller(), list[int](), threading.Event()
    teller.add("f", go.wait)
    first = Call(teller.tell)
    wait_until(lambda: teller._telling.locked() and not teller.has_news)
    teller.add("f", lambda: told.append(threading.get_ident()))
    teller.tell()
    assert told == []
    go.set()
    first.result()
    assert len(told) == 1
    assert told != [threading.get_ident()], "the first thread was at it"


def test_what_a_callback_adds_is_told_behind_it() -> None:
    teller, told = Teller(), list[str]()

    def outer() -> None:
        teller.add("inner", lambda: told.append("inner"))
        teller.tell()  # in the middle of one
        teller.finish(1000)  # which it would wait for for ever
        told.append("outer")

    teller.add("outer", outer)
    teller.tell()
    assert told == ["outer", "inner"]


def test_finishing_waits_for_a_callback_in_another_thread() -> None:
    teller, go = Teller(), threading.Event()
    teller.add("f", go.wait)
    telling = Call(teller.tell)
    wait_until(lambda: teller._telling.locked() and not teller.has_news)
    teller.finish(0.0)  # not for ever
    assert not telling.is_over
    finishing = Call(teller.finish, float("inf"))
    go.set()
    finishing.result()
    telling.result()


def test_finishing_tells_what_waits() -> None:
    teller, told = Teller(), list[int]()
    teller.add("f", lambda: told.append(1))
    teller.finish(0.0)
    assert told == [1]


def test_ctrl_c_in_a_callback_leaves_the_others_to_the_next() -> None:
    def interrupted() -> Any:
        raise KeyboardInterrupt

    teller, told = Teller(), list[int]()
    teller.add("f", interrupted)
    teller.add("f", lambda: told.append(1))
    with pytest.raises(KeyboardInterrupt):
        teller.tell()
    assert told == []
    assert not teller._telling.locked()
    Call(teller.tell).result()
    assert told == [1]


def test_one_at_a_time_from_many_threads() -> None:
    teller, told, inside = Teller(), list[tuple[int, int]](), list[int]()

    def one(thread: int, number: int) -> None:
        inside.append(1)
        assert len(inside) == 1
        told.append((thread, number))
        inside.pop()

    def thread(name: int) -> None:
        for number in range(500):
            teller.add("f", lambda n=number: one(name, n))
            teller.tell()

    for call in [Call(thread, name) for name in range(4)]:
        call.result()
    teller.finish(20)
    assert len(told) == 2000
    for name in range(4):
        assert [n for t, n in told if t == name] == list(range(500))


def test_what_is_added_as_a_loss_is_called_is_told_with_it() -> None:
    """Whoever adds has the lock, and has seen that it waits."""
    lock, told = threading.Lock(), list[int | None]()
    loss = Loss(Callbacks(on_gap=told.append), lock, 1)
    with lock:
        telling = Call(loss)
        loss.add(2)
    telling.result()
    assert told == [3]
