"""Ctrl-C, wherever it hits: afterwards the client works as before.

A signal's handler runs behind calls: at the entry of a Python function, and
on the return of one in C. `Strike` raises at the n-th such place in plugwire,
for each n in turn, which is every place; `storm.py` does it with real
signals, at random, while other threads use the client too.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from peers import Call, Host, member_of

from plugwire import ConnectionClosed, TimedOut
from plugwire.sync import Client

SOURCES = str(Path(sys.modules["plugwire"].__file__ or "").parent)


class CtrlC(BaseException):
    """What the handler raises."""


class Strike:
    """Raises `CtrlC` at the n-th place, once."""

    def __init__(self, place: int) -> None:
        self.left = place
        self.where = ""

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        if event not in ("call", "c_return"):
            return
        if not frame.f_code.co_filename.startswith(SOURCES):
            return
        if not self.left:
            name = Path(frame.f_code.co_filename).name
            self.where = f"{event} {name}:{frame.f_lineno}"
            raise CtrlC  # which takes the profiler off, too
        self.left -= 1

    def during(self, act: Callable[[], object]) -> bool:
        """Whether it hit."""
        sys.setprofile(self)
        try:
            act()
        except CtrlC:
            return True
        except ConnectionClosed:
            assert self.where, "nobody was hit"
            return True
        finally:
            sys.setprofile(None)
        # What a finalizer or a callback of weakref raises is dropped.
        return bool(self.where)


def check_nothing_is_held(client: Client, where: str) -> None:
    member = member_of(client)
    chair, link = member.chair, member.link
    assert not chair.lock.locked(), where
    assert chair.sitter == 0, where
    assert not chair.receivers, where
    assert not chair.others, where
    assert not member.asked, where
    assert not member.teller._telling.locked(), where
    assert not (member.is_held and member.buffer.has_room), where
    if link is not None:
        assert not link.order.locked(), where
        assert not link.users, where
        assert link.error is None, where
    else:
        gc.collect()  # a socket that was just being made


def numbers(client: Client, last: int) -> list[int]:
    """What it receives up to `last`."""
    found: list[int] = []
    while last not in found:
        found.append(client.receive(timeout=20).data["n"])
    return found


def poll(client: Client) -> None:
    """Ask for a message until there is one, without waiting."""
    while True:
        with suppress(TimedOut):
            client.receive(timeout=0)
            return


ACTS: dict[str, Callable[[Client], object]] = {
    "receive": lambda client: client.receive(timeout=20),
    "receive for ever": lambda client: client.receive(),
    "receive now": poll,
    "iterate": lambda client: next(iter(client)),
    "request": lambda client: client.request({"a": 1}, timeout=20),
    "send": lambda client: client.send({"sent": 1}),
    "attach": lambda client: client.attach("place"),
    "flush": lambda client: client.flush(),
    "connected": lambda client: client.connected,
}


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", ACTS)
def test_after_ctrl_c_at_any_place_it_works_on(
    name: str,
    unix_host: Host,
    told: dict[str, Any],
    make_client: Callable[..., Client],
) -> None:
    act, place, hit, first = ACTS[name], 0, True, 0
    client = make_client(told, reconnect_delay=0.0)
    client.connect()
    sent, told_gap = 0, list[int | None]()
    client.on_gap(lambda _, missed: told_gap.append(missed))
    while hit:
        told_gap.clear()
        unix_host.broadcast(*range(first, first + 3))
        strike = Strike(place)
        hit = strike.during(lambda: act(client))
        check_nothing_is_held(client, strike.where)
        was_lost = not client.connected
        assert not (was_lost and not hit)
        try:
            answer = client.request({"b": place}, timeout=20)
        except ConnectionClosed:  # it noticed here only
            answer = client.request({"b": place}, timeout=20)
        assert answer.data == {"b": place}
        sent = first + 3
        unix_host.broadcast(sent)
        found = numbers(client, sent)
        assert found == sorted(set(found)), strike.where
        missing = set(range(first, sent)) - set(found)
        if not told_gap and "receive" not in name and "iter" not in name:
            assert not missing, strike.where
        if not told_gap:
            # The one that was just being handed over, or was.
            assert len(missing) <= 1, strike.where
        first = sent + 1
        place += 1
    assert place > 10, "it did not hit"
    heard = unix_host.said
    assert all(set(data) <= {"a", "b", "sent"} for data in heard)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("buffer_size", [3, 4096])
@pytest.mark.parametrize("how", ["iterate", "receive"])
def test_ctrl_c_while_what_a_read_brought_is_handed_out_costs_one(
    how: str,
    buffer_size: int,
    unix_host: Host,
    told: dict[str, Any],
    make_client: Callable[..., Client],
) -> None:
    """At most, and where the buffer is full, too."""
    client = make_client(told, buffer_size=buffer_size)
    client.connect()
    member, place, hit, first = member_of(client), 0, True, 0
    found = list[int]()

    def iterate() -> None:
        messages = iter(client)
        while len(found) < 5:
            found.append(next(messages).data["n"])

    def receive() -> None:
        while len(found) < 5:
            found.append(client.receive(timeout=20).data["n"])

    act = iterate if how == "iterate" else receive
    while hit:
        found.clear()
        unix_host.call(unix_host.broadcast, *range(first, first + 6))
        assert member.link is not None
        member.read(member.link, 20 + time.monotonic())
        strike = Strike(place)
        hit = strike.during(act)
        check_nothing_is_held(client, strike.where)
        found += numbers(client, first + 5)
        assert found == sorted(set(found)), strike.where
        assert len(found) >= (5 if hit else 6), strike.where
        assert not member.is_held, strike.where
        assert not len(member.buffer), strike.where
        first += 6
        place += 1
    assert place > 5, "it did not hit"
    assert client.missed == 0


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_after_ctrl_c_in_connect_it_connects_again(
    unix_host: Host, told: dict[str, Any]
) -> None:
    place, hit = 0, True
    client = Client("event", settings=told)
    while hit:
        strike = Strike(place)
        hit = strike.during(client.connect)
        check_nothing_is_held(client, strike.where)
        if hit and not client.connected:
            with pytest.raises(ConnectionClosed):
                client.receive(timeout=20)
            client.connect()
        assert client.request({"b": place}, timeout=20).data == {"b": place}
        client.disconnect()
        check_nothing_is_held(client, strike.where)
        place += 7  # there are a thousand of them, most in reading files
    assert place > 100


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_after_ctrl_c_in_disconnect_it_is_done_again(
    unix_host: Host, told: dict[str, Any]
) -> None:
    place, hit = 0, True
    client = Client("event", settings=told)
    while hit:
        client.connect()
        strike = Strike(place)
        hit = strike.during(client.disconnect)
        check_nothing_is_held(client, strike.where)
        client.disconnect()
        assert not client.connected
        with pytest.raises(ConnectionClosed):
            client.receive(timeout=20)
        place += 1
    assert place > 10


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", ["receive", "request", "connected"])
def test_ctrl_c_in_one_thread_leaves_no_other_waiting(
    name: str,
    unix_host: Host,
    told: dict[str, Any],
    make_client: Callable[..., Client],
) -> None:
    """Another thread waits in the queue the whole time."""
    act, place, struck, hit = ACTS[name], 0, 0, True
    client = make_client(told, reconnect_delay=0.0)
    client.connect()
    # A round in which the other thread read for both has few places.
    while hit or place <= 5:
        waiting = Call(client.receive, timeout=20)
        strike = Strike(place)
        unix_host.broadcast(place, place)  # one for each
        hit = strike.during(lambda: act(client))
        unix_host.broadcast(place)  # one may be lost
        waiting.result()
        check_nothing_is_held(client, strike.where)
        with suppress(TimedOut):
            while True:
                client.receive(timeout=0)
        struck += hit
        place += 1
    assert struck > 3


@pytest.mark.parametrize("transport", ["unix", "tcp"])
def test_a_storm_of_real_signals(transport: str, told: dict[str, Any]) -> None:
    settings = {**told, "reconnect_delay": 0.001, "reconnect_cap": 0.01}
    if transport == "tcp":
        settings |= {"transport": "tcp", "permissions": ["anyone"]}
    program = Path(__file__).with_name("storm.py")
    # Unmeasured: coverage takes a lock of its own in Python code, which an
    # interruption leaves held for ever.
    quiet = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("COVERAGE_")
    }
    found = subprocess.run(
        [sys.executable, str(program), json.dumps(settings), "1000", "1"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env=quiet,
    )
    result = json.loads(found.stdout)
    assert result["works"]
    assert result["held"] == {}
    assert result["wrong"] == []
    assert result["errors"] == []
    assert result["heard_in_order"]
    assert result["fine"] > 0
    # Nothing that came was no message, which the server would have said.
    broke = "the connection broke"
    for reason in result["server"]:
        assert reason == "the client went away" or reason.startswith(broke)
