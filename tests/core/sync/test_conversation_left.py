"""`disconnect` wakes everybody, wherever it waits."""

from __future__ import annotations

import random
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from peers import Call, Child, Host, Mute, member_of, wait_until, waits

from plugwire import (
    ConnectionClosed,
    ConnectionFailed,
    PlugwireError,
    TimedOut,
)
from plugwire.sync import Client

Make = Callable[..., Client]


@pytest.fixture
def child(told: dict[str, Any]) -> Iterator[Child]:
    """A server in another process, over a Unix socket."""
    folder = Path(told["socket_dir"])
    settings = folder.with_name("plugwire.toml")
    settings.write_text(
        f'[plugwire]\nsocket_dir = "{folder}"\nmax_message_bytes = 16000000\n'
    )
    child = Child("event", settings)
    yield child
    child.process.send_signal(signal.SIGCONT)
    child.close()


def check_woken(client: Client, *calls: Call[Any]) -> None:
    client.disconnect()
    for call in calls:
        error = call.error()
        assert isinstance(error, ConnectionClosed)
        assert error.reason.startswith("disconnected")
    assert not client.connected
    with pytest.raises(ConnectionClosed, match="disconnected"):
        client.request({})


def test_disconnect_wakes_who_receives_and_who_asks(
    host: Host, client: Client
) -> None:
    calls = [Call(client.receive) for _ in range(3)]
    calls += [
        Call(client.request, {"sleep": 60}, timeout=1000) for _ in range(3)
    ]
    wait_until(waits(client, 6))
    check_woken(client, *calls)


def test_disconnect_wakes_who_sends_to_a_server_that_is_stopped(
    child: Child, told: dict[str, Any], make_client: Make
) -> None:
    client = make_client(told, drain_timeout=0.1, max_message_bytes=16_000_000)
    client.connect()
    assert client.request({"a": 1}, timeout=20).data == {"a": 1}
    child.process.send_signal(signal.SIGSTOP)
    big = {"pad": "x" * 15_000_000}
    link = member_of(client).link
    calls = [Call(client.send, big)]
    wait_until(link.order.locked)
    calls += [Call(client.send, {}), Call(client.receive)]
    wait_until(lambda: len(link.users) == 3)
    check_woken(client, *calls)


def test_disconnect_lets_what_is_being_sent_go_out(
    make_host: Callable[..., Host], place: dict[str, Any], make_client: Make
) -> None:
    host = make_host(place, max_message_bytes=16_000_000)
    client = make_client(place, max_message_bytes=16_000_000)
    client.connect()
    big = {"pad": "x" * 15_000_000}
    with host.paused():
        sending = Call(client.send, big)
        wait_until(lambda: member_of(client).link.order.locked())
        leaving = Call(client.disconnect)
        wait_until(lambda: member_of(client).end)
        assert not sending.is_over
    sending.result()
    leaving.result()
    wait_until(lambda: host.said == [big])


def test_disconnect_wakes_who_connects(
    mute: Mute, told: dict[str, Any], make_client: Make
) -> None:
    client = make_client(told, default_timeout=1000)
    connecting = Call(client.connect)
    receiving = Call(client.receive)
    wait_until(lambda: member_of(client).attempt)
    client.disconnect()
    assert "while it was connecting" in str(connecting.error())
    assert isinstance(receiving.error(), ConnectionClosed)


def test_disconnect_wakes_who_connects_to_a_silent_address(
    told: dict[str, Any], make_client: Make
) -> None:
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    deaf = Mute(sock, backlog=0)
    deaf.fill()
    tcp = {"port": sock.getsockname()[1]}
    client = make_client(
        told,
        transport="tcp",
        permissions=["anyone"],
        tcp=tcp,
        default_timeout=1000,
    )
    connecting = Call(client.connect)
    wait_until(lambda: getattr(member_of(client).attempt, "_sock", None))
    client.disconnect()
    assert "while it was connecting" in str(connecting.error())
    deaf.close()


def test_disconnect_wakes_who_waits_to_connect_again(
    host: Host, place: dict[str, Any], make_client: Make
) -> None:
    client = make_client(place, reconnect_delay=1000, reconnect_cap=1000)
    client.connect()
    calls = [Call(client.receive) for _ in range(2)]
    wait_until(waits(client, 2))
    host.stop()
    wait_until(lambda: member_of(client).link is None)
    wait_until(lambda: member_of(client).next_try)
    check_woken(client, *calls)


def test_disconnecting_twice_is_harmless_and_it_may_connect_again(
    host: Host, client: Client
) -> None:
    host.broadcast(1, 2)
    assert client.receive(timeout=20).data == {"n": 1}
    first = client.client_id
    leaving = [Call(client.disconnect) for _ in range(3)]
    for call in leaving:
        call.result()
    assert client.client_id is None
    client.connect()
    assert client.client_id != first
    assert client.request({"a": 1}, timeout=20).data == {"a": 1}
    with pytest.raises(ConnectionFailed, match="'event' is connected already"):
        client.connect()


def test_many_threads_connect_and_disconnect(
    host: Host, place: dict[str, Any], make_client: Make
) -> None:
    """One connects, the others are told; no connection is left behind."""
    client = make_client(place)

    def run(seed: int) -> int:
        draw, connected = random.Random(seed), 0
        for _ in range(60):
            try:
                draw.choice(
                    (
                        client.connect,
                        client.disconnect,
                        lambda: client.receive(timeout=0.001),
                        lambda: client.request({}, timeout=0.01),
                        lambda: client.connected,
                    )
                )()
                connected += 1
            except PlugwireError:
                continue
        return connected

    for call in [Call(run, seed) for seed in range(6)]:
        assert call.result()
    client.disconnect()
    wait_until(lambda: not host.server.has_clients)


def test_who_receives_while_another_connects_makes_no_second_connection(
    host: Host, place: dict[str, Any], make_client: Make
) -> None:
    for _ in range(30):
        client = make_client(place)
        calls: list[Call[Any]] = [Call(client.connect)]
        calls += [Call(client.receive, timeout=0.05) for _ in range(3)]
        calls[0].result()
        for call in calls[1:]:
            assert isinstance(call.error(), TimedOut | ConnectionClosed)
        assert len(host.server.clients) == 1
        client.disconnect()
        wait_until(lambda: not host.server.clients)
