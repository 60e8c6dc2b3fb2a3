"""While the connection is away, and until it is back."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from peers import (
    Call,
    Host,
    Mute,
    comes_back,
    member_of,
    wait_until,
    waits,
)

from plugwire import (
    ConnectionClosed,
    ConnectionFailed,
    Denied,
    PlugwireError,
    Refused,
    TimedOut,
)
from plugwire.sync import Client

Make = Callable[..., Client]


def test_receive_waits_through_a_restart(host: Host, client: Client) -> None:
    calls = [Call(client.receive, timeout=20) for _ in range(2)]
    wait_until(waits(client, 2))
    for _ in range(2):
        host.stop()
        wait_until(lambda: member_of(client).link is None)
        host.start()
        wait_until(lambda: host.server.has_clients)
    host.broadcast(1, 2)
    assert sorted(call.result().data["n"] for call in calls) == [1, 2]
    assert client.missed is None


def test_short_receives_get_on_with_connecting(
    host: Host, client: Client
) -> None:
    host.stop()
    host.start()
    for timeout in (0, 0.001):
        deadline = time.monotonic() + 20
        while not client.connected:
            assert time.monotonic() < deadline
            with pytest.raises(TimedOut):
                client.receive(timeout=timeout)
        host.broadcast(1)
        message = None
        while message is None:
            try:
                message = client.receive(timeout=timeout)
            except TimedOut:
                assert time.monotonic() < deadline
        host.hang_up()


def test_short_receives_obey_the_back_off(
    host: Host, place: dict[str, Any], make_client: Make
) -> None:
    client = make_client(place, reconnect_delay=1000, reconnect_cap=1000)
    client.connect()
    host.stop()
    assert not client.connected
    member_of(client).next_try = time.monotonic() + 1000  # as drawn
    for _ in range(50):
        with pytest.raises(TimedOut):
            client.receive(timeout=0.001)
    assert member_of(client).attempt is None
    assert member_of(client).comeback._backoff.attempts == 1


def test_send_makes_one_attempt_and_no_try_is_used_up(
    host: Host, place: dict[str, Any], make_client: Make
) -> None:
    client = make_client(
        place, reconnect_tries=2, reconnect_delay=1000, reconnect_cap=1000
    )
    client.connect()
    host.stop()
    calls: tuple[Callable[[], object], ...] = (
        lambda: client.send({}),
        lambda: client.request({}, timeout=20),
        lambda: client.attach("place"),
    )
    for _ in range(3):
        for call in calls:
            with pytest.raises(ConnectionClosed, match="is away, and nothing"):
                call()
    host.start()
    assert client.request({"a": 1}, timeout=20).data == {"a": 1}


def test_who_sends_is_not_kept_waiting_by_who_receives(
    host: Host, place: dict[str, Any], make_client: Make
) -> None:
    """The chair is free for its one attempt, the back-off is not over."""
    client = make_client(place, reconnect_delay=1000, reconnect_cap=1000)
    client.connect()
    receiving = [Call(client.receive) for _ in range(3)]
    wait_until(waits(client, 3))
    host.stop()
    wait_until(lambda: member_of(client).link is None)
    senders = [Call(client.send, {}) for _ in range(8)]
    for sender in senders:
        assert isinstance(sender.error(), ConnectionClosed)
    host.start()
    client.send({"a": 1})
    host.broadcast(1, 2, 3)
    for call in receiving:
        call.result()


def test_receive_counts_its_tries_and_ends_with_the_last_cause(
    host: Host, place: dict[str, Any], make_client: Make
) -> None:
    client = make_client(place, reconnect_tries=3)
    client.connect()
    calls = [Call(client.receive) for _ in range(3)]
    wait_until(waits(client, 3))
    host.stop()
    for call in calls:
        error = call.error()
        assert isinstance(error, ConnectionFailed)
        assert "gave up on 'event' after 3 tries (reconnect_tries)" in str(
            error
        )
        assert isinstance(error.__cause__, ConnectionFailed)
    with pytest.raises(ConnectionFailed, match="gave up"):
        client.send({})
    host.start()
    client.connect()
    assert client.request({}).data == {}


@pytest.mark.parametrize(
    ("overrides", "kind"),
    [
        ({"codec": "json"}, Refused),
        ({"permissions": ["peer", "rules"]}, Denied),
    ],
)
def test_a_refusal_that_will_not_change_ends_it_for_all(
    overrides: dict[str, Any],
    kind: type[Exception],
    make_host: Callable[..., Host],
    told: dict[str, Any],
    make_client: Make,
) -> None:
    first = make_host(told)
    client = make_client(told, codec="msgpack")
    client.connect()
    calls = [Call(client.receive) for _ in range(3)]
    wait_until(waits(client, 3))
    first.stop()
    make_host(told, **overrides)
    for call in calls:
        assert isinstance(call.error(), kind)
    with pytest.raises(kind):
        client.send({})
    assert not client.connected


def test_being_thrown_out_ends_it_for_all(host: Host, client: Client) -> None:
    calls: list[Call[Any]] = [Call(client.receive) for _ in range(3)]
    calls += [Call(client.request, {"sleep": 60}, timeout=1000)]
    calls += [Call(lambda: list(client))]
    wait_until(waits(client, 5))
    host.throw_out("no more of you")
    for call in calls:
        error = call.error()
        assert isinstance(error, ConnectionClosed)
        assert (error.reason, error.final) == ("no more of you", True)


def test_without_reconnect_a_loss_is_the_end(
    host: Host, place: dict[str, Any], make_client: Make
) -> None:
    client = make_client(place, reconnect=False)
    client.connect()
    receiving = Call(client.receive)
    wait_until(waits(client))
    host.hang_up()
    assert isinstance(receiving.error(), ConnectionClosed)
    with pytest.raises(ConnectionClosed):
        client.send({})


def test_it_is_back_in_its_session(host: Host, client: Client) -> None:
    client.attach("place")
    host.hang_up()
    with pytest.raises(TimedOut):
        client.receive(timeout=0.2)
    wait_until(lambda: client.connected or comes_back(client))
    assert host.call(lambda: host.server.clients_in("place")) == (
        client.client_id,
    )
    client.detach()
    assert host.call(lambda: host.server.clients_in("place")) == ()


def test_an_attempt_that_a_receiver_shares_counts_as_its_try(
    mute: Mute, told: dict[str, Any], make_client: Make
) -> None:
    """A server that accepts and says nothing uses the tries up, though a
    request gets on with each attempt."""
    client = make_client(told, default_timeout=0.05, reconnect_tries=2)
    member = member_of(client)
    with member.chair.lock:
        member.end = None
        member.comeback.lost(0.0, ConnectionClosed("it went"))
        member._plan()
    deadline = time.monotonic() + 20
    while member.end is None:
        assert time.monotonic() < deadline
        with pytest.raises((TimedOut, ConnectionFailed)):
            client.receive(timeout=0.001)
        with pytest.raises(PlugwireError):
            client.request({}, timeout=0.2)
    assert "no answer from" in str(member.end)


def test_connecting_in_vain_says_where_and_what_to_do(
    told: dict[str, Any], mute: Mute, make_client: Make
) -> None:
    client = make_client(told, default_timeout=0.05)
    with pytest.raises(ConnectionFailed) as caught:
        client.connect()
    assert str(caught.value) == (
        "no connection to 'event' within 0.05 s (default_timeout): no answer"
    )
    assert caught.value.address
    with pytest.raises(ConnectionClosed, match="connect\\(\\) first"):
        client.receive()
