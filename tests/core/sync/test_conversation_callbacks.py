"""Callbacks of a blocking client: in its calls, never under its lock."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from peers import (
    Call,
    Host,
    comes_back,
    member_of,
    wait_until,
    waits,
)

from plugwire import (
    ConnectionClosed,
    ConnectionFailed,
    TimedOut,
)
from plugwire.sync import Client

Make = Callable[..., Client]


def test_callbacks_in_order_and_one_at_a_time(
    host: Host, client: Client
) -> None:
    told, inside = list[tuple[Any, ...]](), list[int]()

    def note(*what: Any) -> None:
        inside.append(1)
        assert len(inside) == 1
        told.append(what)
        time.sleep(0.01)
        inside.pop()

    client.on_disconnect(lambda _, reason: note("lost", reason))
    client.on_reconnect(lambda _: note("back"))
    client.on_gap(lambda _, missed: note("gap", missed))
    calls = [Call(client.receive, timeout=20) for _ in range(4)]
    wait_until(waits(client, 4))
    for _ in range(2):
        host.stop()
        host.start()
        wait_until(lambda: host.server.has_clients)
    host.broadcast(*range(4))
    for call in calls:
        call.result()
    client.disconnect()
    assert [what[0] for what in told] == ["lost", "back", "gap"] * 2 + ["lost"]
    assert [what[1] for what in told if what[0] == "gap"] == [None, None]
    assert told[-1] == ("lost", "disconnected")


def test_callbacks_may_call_any_method(host: Host, client: Client) -> None:
    done = list[str]()

    @client.on_disconnect
    def lost(client: Client, reason: str) -> None:
        done.append("lost")
        if reason != "disconnected":
            with pytest.raises(ConnectionFailed, match="connected already"):
                client.connect()
            with pytest.raises(TimedOut):
                client.receive(timeout=0)

    @client.on_reconnect
    def back(client: Client) -> None:
        assert client.connected
        assert client.request({"a": 1}, timeout=20).data == {"a": 1}
        client.send({"b": 1})
        client.flush()
        client.attach("place")
        done.append("back")

    @client.on_gap
    def gap(client: Client, missed: int | None) -> None:
        host.broadcast(7)
        assert client.receive(timeout=20).data == {"n": 7}
        done.append("gap")
        client.disconnect()
        client.disconnect()
        done.append("left")

    receiving = Call(client.receive)
    wait_until(waits(client))
    host.stop()
    host.start()
    assert str(receiving.error()) == "disconnected"
    assert done == ["lost", "back", "gap", "left", "lost"]


def test_a_callback_may_wait_for_another_threads_call(
    host: Host, client: Client
) -> None:
    """Who tells has handed the chair on before."""
    answers = list[Any]()

    @client.on_reconnect
    def back(client: Client) -> None:
        asking = [Call(client.request, {"n": n}, timeout=20) for n in (1, 2)]
        answers.extend(call.result().data for call in asking)

    calls = [Call(client.receive, timeout=20) for _ in range(3)]
    wait_until(waits(client, 3))
    host.stop()
    host.start()
    wait_until(lambda: len(answers) == 2)
    host.broadcast(1, 2, 3)
    for call in calls:
        call.result()
    assert answers == [{"n": 1}, {"n": 2}]


def test_what_a_callback_raises_is_logged(
    host: Host, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    @client.on_disconnect
    def lost(client: Client, reason: str) -> None:
        raise LookupError(reason)

    host.throw_out("no more of you")
    with pytest.raises(ConnectionClosed):
        client.receive(timeout=20)
    assert "on_disconnect raised LookupError('no more of you')" in caplog.text


def test_no_callback_is_called_under_the_lock(
    host: Host, client: Client
) -> None:
    seen = list[bool]()
    member = member_of(client)

    def look(*_: Any) -> None:
        seen.append(member.chair.lock.locked() or member.chair.is_mine)

    client.on_disconnect(look)
    client.on_reconnect(look)
    client.on_gap(look)
    host.stop()
    host.start()
    wait_until(lambda: comes_back(client))
    client.disconnect()
    assert len(seen) == 4
    assert not any(seen)
