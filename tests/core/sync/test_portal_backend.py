"""A blocking client over a transport that is no socket."""

from __future__ import annotations

import itertools
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from plugwire import (
    Client,
    ClientInfo,
    ConnectionClosed,
    ConnectionFailed,
    Message,
    RequestFailed,
    TimedOut,
    ValidationFailed,
)
from plugwire.message import MessageType
from plugwire.sync.backend import Callbacks
from plugwire.sync.portal_backend import BATCH, PortalBackend
from plugwire.sync.server import Server

Until = Callable[[Callable[[], object]], None]
DATA = MessageType.DATA


@pytest.fixture
def heard() -> list[Any]:
    """What the server's handler has heard."""
    return []


@pytest.fixture
def server(inside: dict[str, Any], heard: list[Any]) -> Iterator[Server]:
    """Not started: it echoes, and stops at the test's end."""
    server = Server("load", **inside)

    @server.on_message
    def _(client: ClientInfo, message: Message) -> dict[str, Any]:
        if "fail" in message.data:
            raise ValueError(message.data["fail"])
        heard.append(message.data)
        return {"echo": message.data}

    yield server
    server.stop()


def make(
    inside: dict[str, Any], tell: Callbacks | None = None, **overrides: Any
) -> PortalBackend:
    client = Client("load", **{**inside, "default_timeout": 20, **overrides})
    return PortalBackend(client, tell or Callbacks())


@pytest.fixture
def backend(inside: dict[str, Any]) -> Iterator[PortalBackend]:
    """Not connected, and disconnected at the test's end."""
    backend = make(inside)
    yield backend
    backend.disconnect()


def loops() -> int:
    return sum(t.name == "plugwire-clients" for t in threading.enumerate())


def callers() -> int:
    return sum(
        t.name.startswith("plugwire-load-callback")
        for t in threading.enumerate()
    )


def numbers(backend: PortalBackend, count: int) -> list[int]:
    return [backend.receive(timeout=20).data["i"] for _ in range(count)]


# --------------------------------------------------------------- the calls


def test_it_does_what_a_client_does(
    server: Server, backend: PortalBackend, heard: list[Any]
) -> None:
    assert not backend.connected
    assert (backend.client_id, backend.server) == (None, None)
    server.start()
    backend.connect()
    assert backend.connected
    assert not backend.left
    assert (backend.client_id, backend.can_send) == (1, True)
    assert (backend.missed, backend.buffered) == (0, 0)
    assert backend.server is not None
    assert backend.server.event == "load"
    assert backend.request({"a": 1}).data == {"echo": {"a": 1}}
    with pytest.raises(RequestFailed, match="not this"):
        backend.request({"fail": "not this"})
    backend.send({"b": 2}, DATA)
    backend.flush()
    backend.attach("room")
    assert server.clients_in("room") == (1,)
    backend.detach()
    assert server.clients_in("room") == ()
    server.broadcast({"i": 1})
    assert numbers(backend, 1) == [1]
    with pytest.raises(TimedOut):
        backend.receive(timeout=0.01)
    backend.disconnect()
    assert backend.left
    assert not backend.connected
    assert heard == [{"a": 1}, {"b": 2}]


def test_calls_before_and_after_say_why(
    server: Server, backend: PortalBackend
) -> None:
    def check(words: str) -> None:
        for call in (
            lambda: backend.receive(timeout=1),
            lambda: backend.send({}, DATA),
            lambda: backend.request({}),
            lambda: backend.flush(),
            lambda: backend.attach("room"),
            lambda: backend.detach(),
        ):
            with pytest.raises(ConnectionClosed, match=words):
                call()
        with pytest.raises(ValidationFailed):
            backend.attach("no spaces")
        backend.disconnect()
        assert loops() == 0

    check("not connected")
    server.start()
    backend.connect()
    backend.disconnect()
    check("disconnected")


def test_a_connect_that_fails_leaves_no_thread(
    inside: dict[str, Any],
) -> None:
    backend = make(inside, default_timeout=0.05)
    with pytest.raises(ConnectionFailed, match="nobody serves"):
        backend.connect()
    assert loops() == 0
    with pytest.raises(ConnectionClosed, match="not connected"):
        backend.receive(timeout=1)


def test_connecting_twice_is_refused_and_harms_nothing(
    server: Server, backend: PortalBackend
) -> None:
    server.start()
    backend.connect()
    with pytest.raises(ConnectionFailed, match="connected already"):
        backend.connect()
    assert backend.request({}).data == {"echo": {}}


def test_all_share_one_loop_until_the_last_has_gone(
    inside: dict[str, Any], server: Server
) -> None:
    server.start()
    crowd = [make(inside) for _ in range(5)]
    for backend in crowd:
        backend.connect()
    assert loops() == 1
    for backend in crowd:
        assert backend.request({}).data == {"echo": {}}
        backend.disconnect()
    assert loops() == 0


def test_it_connects_again_after_a_disconnect(
    server: Server, backend: PortalBackend
) -> None:
    server.start()
    for i in range(3):
        backend.connect()
        server.broadcast({"i": i})
        assert numbers(backend, 1) == [i]
        backend.disconnect()


# --------------------------------------------------------------- receiving


def test_what_was_buffered_can_be_received_after_disconnect(
    server: Server, backend: PortalBackend, until: Until
) -> None:
    server.start()
    backend.connect()
    for i in range(3 * BATCH):
        server.broadcast({"i": i})
    until(lambda: backend.buffered == 3 * BATCH)
    assert numbers(backend, 10) == list(range(10))
    assert backend.buffered == 3 * BATCH - 10
    backend.disconnect()
    assert backend.buffered == 3 * BATCH - 10
    assert numbers(backend, 3 * BATCH - 10) == list(range(10, 3 * BATCH))
    with pytest.raises(ConnectionClosed, match="disconnected"):
        backend.receive(timeout=20)


def test_b11_a_full_buffer_stops_the_reading(
    inside: dict[str, Any], server: Server, until: Until
) -> None:
    """Nothing is dropped: the server's outbox takes what the buffer and the
    batch do not."""
    server.start()
    backend = make(inside, buffer_size=10)
    backend.connect()
    text = "x" * 20_000
    for i in range(200):
        server.broadcast({"i": i, "text": text})
        server.flush(timeout=20)
        if server.clients[1].queued:
            break
    count = i + 1
    until(lambda: server.clients[1].queued)
    assert backend.buffered < count
    assert numbers(backend, count) == list(range(count))
    backend.disconnect()


def test_several_threads_receive_each_message_once(
    server: Server, backend: PortalBackend
) -> None:
    count = 600
    heard: list[list[int]] = [[], [], []]

    def receive(mine: list[int]) -> None:
        try:
            while True:
                mine.append(backend.receive().data["i"])
        except ConnectionClosed:
            return

    server.start()
    backend.connect()
    threads = [
        threading.Thread(target=receive, args=(mine,)) for mine in heard
    ]
    for thread in threads:
        thread.start()
    for i in range(count):
        server.broadcast({"i": i})
    server.disconnect(1, "that was all")
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    assert sorted(itertools.chain(*heard)) == list(range(count))
    assert all(mine == sorted(mine) for mine in heard)


def test_one_that_waits_is_not_passed_over(
    server: Server, backend: PortalBackend
) -> None:
    """Of two that wait, one does not take both messages into the box."""
    heard: list[int] = []
    threads = [
        threading.Thread(
            target=lambda: heard.append(backend.receive().data["i"])
        )
        for _ in range(2)
    ]
    server.start()
    backend.connect()
    for thread in threads:
        thread.start()
    for i in range(2):
        server.broadcast({"i": i})
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    assert sorted(heard) == [0, 1]


def test_a_disconnect_wakes_who_waits(
    server: Server, backend: PortalBackend
) -> None:
    raised: list[BaseException] = []
    waiting = threading.Event()

    def receive() -> None:
        try:
            assert backend.receive(timeout=20).data == {"first": True}
            waiting.set()
            backend.receive()
        except BaseException as error:
            raised.append(error)

    server.start()
    backend.connect()
    thread = threading.Thread(target=receive)
    thread.start()
    server.broadcast({"first": True})
    assert waiting.wait(20)
    backend.disconnect()
    thread.join(20)
    assert [type(error) for error in raised] == [ConnectionClosed]


def test_an_interrupt_loses_no_message(
    server: Server, backend: PortalBackend
) -> None:
    """Interrupts that meet messages, at any moment: none lost or doubled."""
    count, done = 300, threading.Event()
    main = threading.main_thread().ident
    assert main is not None
    heard: list[int] = []
    armed = threading.Semaphore(0)

    def disturb() -> None:
        for i in range(count):
            server.broadcast({"i": i})
            if armed.acquire(blocking=False):
                signal.pthread_kill(main, signal.SIGINT)
        done.set()

    def hear() -> None:
        # The signal's handler raises in the waiting alone, so that no
        # message is lost between `receive` and its caller.
        while len(heard) < count:
            armed.release()
            try:
                message = backend.receive(timeout=20)
            except Interrupted:
                continue
            heard.append(message.data["i"])

    class Interrupted(BaseException):
        pass

    def interrupt(_: int, frame: Any) -> None:
        while frame is not None:
            if frame.f_code.co_name == "wait":
                raise Interrupted
            frame = frame.f_back

    server.start()
    backend.connect()
    thread = threading.Thread(target=disturb)
    former = signal.signal(signal.SIGINT, interrupt)
    try:
        thread.start()
        hear()
        assert done.wait(20)
    finally:
        thread.join()
        signal.signal(signal.SIGINT, former)
    assert heard == list(range(count))


# ---------------------------------------------------------- away and back


def test_while_away_each_call_makes_one_attempt_first(
    server: Server, backend: PortalBackend, until: Until, heard: list[Any]
) -> None:
    server.start()
    backend.connect()
    for call in (
        lambda: backend.send({"again": 1}, DATA),
        lambda: backend.request({"again": 2}),
        lambda: backend.attach("room"),
        lambda: backend.detach(),
    ):
        server.stop()
        until(lambda: not backend.connected)
        server.start()
        call()
        backend.request({"then": True})  # and all before it was heard
    then = {"then": True}
    assert heard == [{"again": 1}, then, {"again": 2}, then, then, then]


def test_while_nobody_is_there_send_gives_up(
    inside: dict[str, Any], server: Server, until: Until
) -> None:
    server.start()
    backend = make(inside, default_timeout=0.05)
    backend.connect()
    server.stop()
    until(lambda: not backend.connected)
    with pytest.raises(ConnectionClosed, match="is away"):
        backend.send({}, DATA)
    with pytest.raises(ConnectionClosed, match="is away"):
        backend.request({}, timeout=0.01)
    backend.disconnect()


def test_what_ended_for_good_says_why(
    server: Server, backend: PortalBackend
) -> None:
    server.start()
    backend.connect()
    server.broadcast({"i": 1})
    server.disconnect(1, "enough")
    assert numbers(backend, 1) == [1]
    for _ in range(2):
        with pytest.raises(ConnectionClosed, match="enough"):
            backend.receive(timeout=20)
        with pytest.raises(ConnectionClosed, match="enough"):
            backend.send({}, DATA)
    assert not backend.left
    backend.connect()
    assert backend.request({}).data == {"echo": {}}


# ---------------------------------------------------------------- callbacks


def test_callbacks_come_in_order_in_a_thread_of_their_own(
    inside: dict[str, Any], server: Server, until: Until
) -> None:
    told: list[tuple[str, str]] = []

    def note(what: str) -> None:
        told.append((what, threading.current_thread().name))

    tell = Callbacks()
    backend = make(inside, tell)
    server.start()
    backend.connect()
    assert callers() == 0
    tell.on_reconnect = lambda: note("reconnect")
    tell.on_gap = lambda missed: note(f"gap {missed}")
    tell.on_disconnect = lambda reason: note(f"disconnect {reason}")
    server.stop("a pause")
    server.start()
    until(lambda: len(told) == 3)
    backend.disconnect()
    assert [what for what, _ in told] == [
        "disconnect a pause",
        "reconnect",
        "gap None",
        "disconnect disconnected",
    ]
    assert {name for _, name in told} == {"plugwire-load-callback-1"}


def test_callbacks_may_call_the_client(
    inside: dict[str, Any], server: Server, until: Until
) -> None:
    told: list[Any] = []
    tell = Callbacks()
    backend = make(inside, tell)
    tell.on_reconnect = lambda: told.append(backend.request({"from": 1}).data)
    server.start()
    backend.connect()
    server.stop()
    server.start()
    until(lambda: told)
    assert told == [{"echo": {"from": 1}}]
    backend.disconnect()


def test_a_callback_may_disconnect(
    inside: dict[str, Any], server: Server, until: Until
) -> None:
    over = threading.Event()
    tell = Callbacks()
    backend = make(inside, tell)

    def leave() -> None:
        backend.disconnect()
        assert not backend.connected
        over.set()

    tell.on_reconnect = leave
    server.start()
    backend.connect()
    server.stop()
    server.start()
    assert over.wait(20)
    until(lambda: loops() == 0)
    with pytest.raises(ConnectionClosed, match="disconnected"):
        backend.receive(timeout=20)


def test_disconnect_waits_for_callbacks(
    inside: dict[str, Any], server: Server
) -> None:
    told: list[str] = []
    entered, gate = threading.Event(), threading.Event()

    def hear(reason: str) -> None:
        entered.set()
        assert gate.wait(20)
        told.append(reason)

    backend = make(inside, Callbacks(on_disconnect=hear))
    server.start()
    backend.connect()
    thread = threading.Thread(target=backend.disconnect)
    thread.start()
    assert entered.wait(20)
    assert told == []
    gate.set()
    thread.join()
    assert told == ["disconnected"]


def test_a_callback_that_raises_or_hangs_is_logged(
    inside: dict[str, Any], server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    gate = threading.Event()

    def hang(reason: str) -> None:
        gate.wait(40)
        raise LookupError("of the callback")

    backend = make(inside, Callbacks(on_disconnect=hang), drain_timeout=0.1)
    server.start()
    backend.connect()
    with caplog.at_level(logging.ERROR, "plugwire"):
        backend.disconnect()
        assert "a callback runs on" in caplog.text
        (thread,) = [
            t
            for t in threading.enumerate()
            if t.name == "plugwire-load-callback-1"
        ]
        gate.set()
        thread.join(20)
    assert "on_disconnect raised LookupError" in caplog.text


# -------------------------------------------------------------------- forks


def test_in_a_forked_child_it_is_dead(inside: dict[str, Any]) -> None:
    program = """
import os, sys, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # of fork with threads
from plugwire import Client
from plugwire.errors import ConnectionClosed
from plugwire.message import MessageType
from plugwire.sync.backend import Callbacks
from plugwire.sync.portal_backend import PortalBackend
from plugwire.sync.server import Server

told = {"transport": "memory", "socket_dir": sys.argv[1]}

def make():
    return PortalBackend(Client("load", **told), Callbacks())

with Server("load", **told) as server:
    backend = make()
    backend.connect()
    server.broadcast({"i": 1})
    child = os.fork()
    if not child:
        for call in (
            lambda: backend.send({}, MessageType.DATA),
            lambda: backend.request({}),
            lambda: backend.attach("s"),
        ):
            try:
                call()
            except ConnectionClosed as error:
                print("child:", error, flush=True)
        backend.disconnect()
        own = Server("load", **told)
        own.start()
        other = make()
        other.connect()
        own.broadcast({"i": 2})
        print("own:", other.receive(timeout=20).data["i"], flush=True)
        other.disconnect()
        own.stop()
        sys.exit(0)
    assert os.waitpid(child, 0)[1] == 0
    print("parent:", backend.receive(timeout=20).data["i"])
    backend.disconnect()
"""
    said = subprocess.run(
        [sys.executable, "-c", program, inside["socket_dir"]],
        check=True,
        capture_output=True,
        text=True,
        timeout=50,
        env={**os.environ},
    )
    lines = said.stdout.splitlines()
    assert sum("forked child" in line for line in lines) == 3
    assert lines[-2:] == ["own: 2", "parent: 1"]
    assert said.stderr == ""
