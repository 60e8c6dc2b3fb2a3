"""A blocking client in many threads at once, and what idle, forks and
time-outs do to it."""

from __future__ import annotations

import itertools
import os
import random
import signal
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest
from peers import Call, Host, member_of, wait_until, waits

from plugwire import ConnectionClosed, Message, TimedOut
from plugwire.sync import Client

Make = Callable[..., Client]


# ----------------------------------------------------- everything at once


def test_threads_receive_ask_and_send_at_once_through_reconnects(
    make_host: Callable[..., Host], place: dict[str, Any], make_client: Make
) -> None:
    host = make_host(
        place, queue="history", history={"size": 100_000, "bytes": 2**26}
    )
    client = make_client(place, reconnect_cap=0.01)
    client.connect()
    stop = threading.Event()
    count = itertools.count()
    gaps, lost = list[int | None](), list[str]()
    client.on_gap(lambda _, missed: gaps.append(missed))
    client.on_disconnect(lambda _, reason: lost.append(reason))

    def receive(seed: int) -> list[int]:
        draw, found = random.Random(seed), list[int]()
        while not stop.is_set():
            try:
                timeout = draw.choice((0, 0.001, 0.01, 0.1))
                found.append(client.receive(timeout=timeout).data["n"])
            except TimedOut:
                continue
        return found

    def ask(name: int) -> int:
        draw, fine = random.Random(name), 0
        for number in itertools.count():
            if stop.is_set():
                return fine
            try:
                timeout = draw.choice((0.0005, 0.01, 20, 20))
                data = {"asker": name, "number": number}
                assert client.request(data, timeout=timeout).data == data
                fine += 1
            except (ConnectionClosed, TimedOut):
                continue
        raise AssertionError

    def send(name: int) -> list[int]:
        sent = []
        for number in itertools.count():
            if stop.is_set():
                return sent
            try:
                client.send({"sender": name, "number": number})
                sent.append(number)
            except ConnectionClosed:
                continue
        raise AssertionError

    receivers = [Call(receive, seed) for seed in range(3)]
    askers = [Call(ask, name) for name in range(3)]
    senders = [Call(send, name) for name in range(2)]
    until = time.monotonic() + 3
    while time.monotonic() < until:
        host.broadcast(*itertools.islice(count, 20))
        if random.random() < 0.05:
            host.hang_up()
        time.sleep(0.002)
    last = next(count)
    host.broadcast(last)
    time.sleep(0.2)
    stop.set()
    answered = [asker.result() for asker in askers]
    sent = [sender.result() for sender in senders]
    found = [receiver.result() for receiver in receivers]
    rest = list[int]()
    while last not in rest and not any(last in one for one in found):
        rest.append(client.receive(timeout=20).data["n"])
    assert lost
    assert set(gaps) <= set()
    together = sorted(n for one in (*found, rest) for n in one)
    assert together == list(range(last + 1))
    for one in found:
        assert one == sorted(one)
    assert all(answered)
    assert all(sent)
    for name in range(2):
        heard = [
            data["number"] for data in host.said if data.get("sender") == name
        ]
        assert heard == sorted(set(heard))


def test_each_message_goes_to_one_receiver(host: Host, client: Client) -> None:
    found = [Call(client.receive, timeout=20) for _ in range(8)]
    wait_until(waits(client, 8))
    host.broadcast(*range(8))
    numbers = [call.result().data["n"] for call in found]
    assert sorted(numbers) == list(range(8))


def test_each_message_goes_to_one_of_those_who_iterate(
    unix_host: Host, unix_client: Client
) -> None:
    """And to each in order, out of what one read brought, too."""

    def iterate(own: list[int]) -> None:
        for message in unix_client:
            own.append(message.data["n"])

    found: list[list[int]] = [[], [], []]
    calls = [Call(iterate, own) for own in found]
    unix_host.call(unix_host.broadcast, *range(3000))
    wait_until(lambda: sum(map(len, found)) >= 3000)
    unix_client.disconnect()
    for call in calls:
        call.result()
    assert sorted(itertools.chain(*found)) == list(range(3000))
    for own in found:
        assert own == sorted(own)


@pytest.mark.parametrize("how", ["iterate", "receive"])
def test_who_takes_half_of_a_full_buffer_lets_others_read(
    how: str,
    make_host: Callable[..., Host],
    told: dict[str, Any],
    make_client: Make,
) -> None:
    """With the message, not only when it comes for the next one."""
    host = make_host(told, lag_grace=1000)
    client = make_client(told, buffer_size=4)
    client.connect()
    messages = iter(client)
    host.call(host.broadcast, *range(5))
    found = [next(messages)]
    wait_until(lambda: client.connected and client.buffered == 4)
    asking = Call(client.request, {"a": 1}, timeout=20)
    wait_until(waits(client))
    while client.buffered > 2:
        assert not asking.is_over
        if how == "iterate":
            found.append(next(messages))
        else:
            found.append(client.receive(timeout=20))
    assert asking.result().data == {"a": 1}
    assert [message.data["n"] for message in found] == [0, 1, 2]
    assert client.buffered == 2


@pytest.mark.parametrize("how", ["iterate", "receive"])
def test_what_waits_to_be_told_is_told_before_the_next_message(
    how: str, unix_host: Host, unix_client: Client
) -> None:
    unix_host.call(unix_host.broadcast, *range(3))
    messages, seen = iter(unix_client), list[int]()
    next(messages)
    wait_until(lambda: unix_client.connected and unix_client.buffered == 2)
    teller = member_of(unix_client).teller
    teller.add("f", lambda: seen.append(unix_client.buffered))
    if how == "iterate":
        next(messages)
    else:
        unix_client.receive()
    assert seen == [2]


class Quicker(deque[Message]):
    """Its last message is taken by another thread, between the look whether
    there is one and the taking."""

    def popleft(self) -> Message:
        self.clear()
        return super().popleft()


@pytest.mark.parametrize("how", ["iterate", "receive"])
def test_who_was_not_quick_enough_waits_for_the_next_message(
    how: str, unix_host: Host, unix_client: Client
) -> None:
    member = member_of(unix_client)
    member.buffer.head = Quicker([member.way.messages.make({"n": 0})])
    unix_host.broadcast(1)
    if how == "iterate":
        message = next(iter(unix_client))
    else:
        message = unix_client.receive(timeout=20)
    assert message.data == {"n": 1}


def test_who_was_not_quick_enough_is_told_why_nothing_more_comes(
    unix_client: Client,
) -> None:
    """And not that there was no message left, which is nobody's error."""
    member = member_of(unix_client)
    unix_client.disconnect()
    member.buffer.head = Quicker([member.way.messages.make({"n": 0})])
    with pytest.raises(ConnectionClosed) as caught:
        unix_client.receive(timeout=20)
    assert caught.value.__context__ is None


# ------------------------------------------------------------- time-outs


def test_timed_out_in_words_and_nothing_is_lost(
    host: Host, client: Client
) -> None:
    with pytest.raises(TimedOut, match=r"no message of 'event' within 0\.01"):
        client.receive(timeout=0.01)
    with pytest.raises(TimedOut) as caught:
        client.request({"sleep": 0.3}, timeout=0.01)
    assert str(caught.value) == "no answer from 'event' within 0.01 s"
    assert caught.value.seconds == 0.01
    host.broadcast(*range(100))
    found = list[int]()
    while len(found) < 100:
        try:
            timeout = random.choice((0, 0.0001, 0.001))
            found.append(client.receive(timeout=timeout).data["n"])
        except TimedOut:
            continue
    assert found == list(range(100))
    assert client.request({"a": 1}, timeout=20).data == {"a": 1}
    assert client.missed == 0


@pytest.mark.parametrize("timeout", [1e12, float("inf")])
def test_a_time_out_may_be_as_long_as_one_likes(
    timeout: float, host: Host, client: Client
) -> None:
    assert client.request({}, timeout=timeout).data == {}
    receiving = [Call(client.receive, timeout=timeout) for _ in range(2)]
    wait_until(waits(client, 2))
    host.broadcast(1, 2)
    for call in receiving:
        call.result()


def test_a_full_buffer_stops_reading_and_says_so_and_loses_nothing(
    make_host: Callable[..., Host], place: dict[str, Any], make_client: Make
) -> None:
    host = make_host(place, lag_grace=1000)
    client = make_client(place, buffer_size=10)
    client.connect()
    host.broadcast(*range(30))

    def ask() -> None:
        while True:
            client.request({"a": 1}, timeout=0.2)

    with pytest.raises(TimedOut, match="messages were not consumed, so that"):
        ask()
    assert client.buffered >= 10
    host.broadcast(*range(30, 60))
    asking = Call(client.request, {"b": 1}, timeout=20)
    found = [client.receive(timeout=20).data["n"] for _ in range(60)]
    assert found == list(range(60))
    assert asking.result().data == {"b": 1}
    assert client.missed == 0


# ------------------------------------------------- idle, fork, and forgotten


def test_idle_between_calls_harms_nothing(
    make_host: Callable[..., Host], place: dict[str, Any], make_client: Make
) -> None:
    """Forty seconds are eight handshakes and four times `lag_grace` by
    default: here all are a fiftieth of that, and so is the wait."""
    short = {"handshake_timeout": 0.1, "lag_grace": 0.2, "drain_timeout": 0.2}
    host = make_host(place, **short)
    client = make_client(place, default_timeout=0.1)
    client.connect()
    number = client.client_id
    for _ in range(2):
        until = time.monotonic() + 0.8
        wait_until(lambda: time.monotonic() > until)  # noqa: B023 - at once
        host.broadcast(1)
        assert client.receive(timeout=20).data == {"n": 1}
        assert client.request({"a": 1}, timeout=20).data == {"a": 1}
    assert client.client_id == number
    assert client.missed == 0
    assert host.left == []


def test_a_forked_child_has_nothing_of_what_its_parent_received(
    host: Host, client: Client
) -> None:
    host.broadcast(1, 2, 3)
    reading = iter(client)
    assert next(reading).data == {"n": 1}
    wait_until(lambda: client.connected and client.buffered == 2)
    pid = os.fork()
    if not pid:
        signal.alarm(20)
        status = 1
        try:
            assert client.buffered == 0
            for take in (lambda: next(reading), client.receive):
                with pytest.raises(ConnectionClosed, match="forked child"):
                    take()
            status = 0
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert [next(reading).data["n"], next(reading).data["n"]] == [2, 3]


def test_in_a_forked_child_each_call_says_so(
    host: Host, client: Client, place: dict[str, Any]
) -> None:
    receiving = [Call(client.receive, timeout=20) for _ in range(2)]
    asking = Call(client.request, {"sleep": 0.3}, timeout=20)
    wait_until(waits(client, 3))
    pid = os.fork()
    if not pid:
        signal.alarm(20)  # a dead-lock ends, too
        status = 1
        try:
            calls: tuple[Callable[[], object], ...] = (
                client.receive,
                lambda: client.receive(timeout=0),
                lambda: next(iter(client)),
                lambda: client.send({}),
                lambda: client.request({}),
                lambda: client.attach("place"),
                client.detach,
                client.flush,
                client.connect,
            )
            words = []
            for call in calls:
                try:
                    call()
                except ConnectionClosed as error:
                    words.append(str(error))
            assert words == [
                "this is a forked child: make a client of its own here"
            ] * len(calls)
            assert not client.connected
            assert client.client_id is None
            client.disconnect()
            own = Client("event", settings=place)
            own.connect()
            assert own.request({"child": 1}, timeout=10).data == {"child": 1}
            own.disconnect()
            status = 0
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    host.broadcast(1, 2)
    assert sorted(call.result().data["n"] for call in receiving) == [1, 2]
    asking.result()
    assert client.request({"a": 1}, timeout=20).data == {"a": 1}
