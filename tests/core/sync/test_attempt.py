"""One attempt to connect, in one call or in many."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from peers import Call, Host, Mute, wait_until

from plugwire import ConnectionClosed, ConnectionFailed, Refused
from plugwire.interfaces import Target
from plugwire.standing import Standing
from plugwire.sync.attempt import Attempt
from plugwire.sync.link import Link
from plugwire.testing.proxy import ChaosProxy
from plugwire.way import Way

PAST = 0.0


def make_way(told: dict[str, Any], **overrides: Any) -> Way:
    return Way.called(
        "event",
        door=None,
        receive=True,
        message_types=("data",),
        settings=told,
        overrides=overrides,
    )


def make_attempt(
    told: dict[str, Any], until: float | None = None, **overrides: Any
) -> Attempt:
    return Attempt(
        make_way(told, **overrides),
        Standing(lambda _: None),
        until,
        counted=True,
    )


def soon() -> float:
    return time.monotonic() + 0.002


def finish(link: Link) -> None:
    link.end(ConnectionClosed("over"))


@pytest.fixture
def deaf() -> Iterator[Mute]:
    """A TCP address that does not answer at all."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    mute = Mute(sock, backlog=0)
    mute.fill()
    yield mute
    mute.close()


def over_tcp(told: dict[str, Any], mute: Mute) -> dict[str, Any]:
    port = mute.sock.getsockname()[1]
    return {
        **told,
        "transport": "tcp",
        "permissions": ["anyone"],
        "tcp": {"port": port},
    }


def test_it_joins(host: Host, place: dict[str, Any]) -> None:
    attempt = make_attempt(place)
    link = attempt.advance(None)
    assert link is not None
    assert link is attempt.link
    assert link.shake.joined is not None
    assert link.server.event == "event"
    finish(link)


def test_many_short_calls_get_as_far_as_a_long_one(
    host: Host, place: dict[str, Any]
) -> None:
    """The answer is late, and comes a few bytes at a time."""
    transport, _, address = host.server.addresses["main"].partition(":")
    told = dict(place)
    if transport == "unix":
        front = Path(place["socket_dir"]).with_name("front")
        front.mkdir(mode=0o700)
        told["socket_dir"] = str(front)
        proxy = ChaosProxy(Path(address), listen=front / "event.sock")
    else:
        name, _, port = address.rpartition(":")
        proxy = ChaosProxy((name, int(port)))
    with proxy:
        proxy.down.delay, proxy.down.split = 0.02, 50
        if transport == "tcp":
            told["tcp"] = {**place["tcp"], "port": proxy.port}
        attempt, calls, link = make_attempt(told), 1, None
        deadline = time.monotonic() + 20
        while link is None:
            calls += 1
            link = attempt.advance(soon())
            assert time.monotonic() < deadline
        assert calls > 2
        assert proxy.accepted == 1
        finish(link)


def test_no_time_at_all_is_enough_in_the_end(
    host: Host, place: dict[str, Any]
) -> None:
    attempt = make_attempt(place)
    wait_until(lambda: attempt.advance(PAST) is not None)
    assert attempt.link is not None
    finish(attempt.link)


def test_who_says_nothing_takes_the_callers_time_only(
    mute: Mute, told: dict[str, Any]
) -> None:
    attempt = make_attempt(told)
    for _ in range(3):
        assert attempt.advance(soon()) is None
    attempt.close()
    attempt.close()  # no harm


def test_an_address_that_does_not_answer_takes_the_callers_time_only(
    deaf: Mute, told: dict[str, Any]
) -> None:
    attempt = make_attempt(over_tcp(told, deaf))
    for _ in range(3):
        assert attempt.advance(soon()) is None
    attempt.close()


@pytest.mark.parametrize("which", ["mute", "deaf"])
def test_cancelling_wakes_who_connects(
    which: str, request: pytest.FixtureRequest, told: dict[str, Any]
) -> None:
    mute = request.getfixturevalue(which)
    settings = told if which == "mute" else over_tcp(told, mute)
    attempt = make_attempt(settings)
    connecting = Call(attempt.advance, None)
    wait_until(lambda: attempt._sock is not None)
    attempt.cancel()
    error = connecting.error()
    assert isinstance(error, ConnectionClosed)
    assert error.reason == "disconnected while it was connecting"
    assert attempt._sock is None


def test_cancelled_before_it_began_it_opens_nothing(
    unix_host: Host, told: dict[str, Any]
) -> None:
    attempt = make_attempt(told)
    attempt.cancel()
    with pytest.raises(ConnectionClosed, match="disconnected while"):
        attempt.advance(None)


def test_nobody_there_is_told_with_the_address_and_the_mend(
    told: dict[str, Any],
) -> None:
    path = f"{told['socket_dir']}/event.sock"
    with pytest.raises(ConnectionFailed) as caught:
        make_attempt(told).advance(None)
    assert caught.value.address == path
    assert str(caught.value) == (
        f"cannot connect to {path}: No such file or directory; start the "
        f"server, it is expected at {path}"
    )


def test_a_full_backlog_of_a_unix_socket_is_told_at_once(
    mute: Mute, told: dict[str, Any]
) -> None:
    fillers = [socket.socket(socket.AF_UNIX) for _ in range(20)]
    for filler in fillers:
        filler.setblocking(False)
        if filler.connect_ex(mute.sock.getsockname()):
            break
    with pytest.raises(ConnectionFailed, match="the server is busy"):
        make_attempt(told).advance(None)
    for filler in fillers:
        filler.close()


def test_who_hangs_up_at_once_is_told(
    mute: Mute, told: dict[str, Any]
) -> None:
    attempt = make_attempt(told)
    connecting = Call(attempt.advance, None)
    mute.sock.accept()[0].close()
    error = connecting.error()
    assert isinstance(error, ConnectionClosed)
    assert attempt._sock is None


def test_a_refusal_is_raised_and_nothing_is_open(
    make_host: Callable[..., Host], told: dict[str, Any]
) -> None:
    make_host(told, codec="json")
    attempt = make_attempt(told, codec="msgpack")
    with pytest.raises(Refused, match="json"):
        attempt.advance(None)
    assert attempt._sock is None


def test_the_next_address_is_tried_where_one_fails(
    host: Host, place: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = make_attempt(place)
    pipeline, told = attempt._way.find()
    connector: Any = pipeline.connector
    (good,) = connector.targets(told)
    bad = Target(socket.AF_UNIX, "/nonexistent/event.sock", "the first")
    targets = [bad, good]
    monkeypatch.setattr(
        type(connector), "targets", lambda self, told: tuple(targets)
    )
    link = attempt.advance(None)
    assert link is not None
    finish(link)
    targets[1:] = [bad]
    with pytest.raises(ConnectionFailed, match="the first, the first: No"):
        make_attempt(place).advance(None)


@pytest.mark.parametrize("seconds", [3e6, 1e12])
def test_default_timeout_may_be_longer_than_a_poll(
    seconds: float, host: Host, place: dict[str, Any]
) -> None:
    link = make_attempt(place).advance(time.monotonic() + seconds)
    assert link is not None
    finish(link)


def test_a_transport_that_is_no_socket_is_told_in_words(
    inside: dict[str, Any],
) -> None:
    with pytest.raises(ConnectionFailed, match="'memory' is no socket"):
        make_attempt(inside).advance(None)
