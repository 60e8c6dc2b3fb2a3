from __future__ import annotations

import errno
import os
import socket
from typing import Any

import pytest

from plugwire import ConnectionFailed
from plugwire_tcp import Tcp, TcpSettings, connector, tuning
from plugwire_tcp.connector import TcpConnector


def _connector(**settings: Any) -> TcpConnector:
    return Tcp(TcpSettings(**settings)).connect()


def _texts(made: TcpConnector, told: str | None) -> list[str]:
    return [target.text for target in made.targets(told)]


def test_b14_client_of_this_machine_is_told_the_port(make) -> None:
    one = make()
    (sock,) = one.open(16)
    made = _connector()
    (target,) = made.targets(one.address)
    assert target.text == made.address == one.address
    with socket.socket(target.family) as client:
        client.connect(target.address)
        peer = made.connected(client)
        assert peer.transport == "tcp"
        assert peer.address == one.address
        level = socket.IPPROTO_TCP
        assert client.getsockopt(level, socket.TCP_NODELAY)
        assert (
            client.getsockopt(level, socket.TCP_KEEPIDLE)
            == tuning.KEEPALIVE_IDLE
        )
        sock.accept()[0].close()


@pytest.mark.parametrize(
    ("host", "told", "target"),
    [
        ("127.0.0.1", "[::1]:9000", "[::1]:9000"),
        ("localhost", "127.0.0.1:9000", "127.0.0.1:9000"),
        ("0.0.0.0", "0.0.0.0:9000", "127.0.0.1:9000"),
        ("::", "[::]:9000", "[::1]:9000"),
    ],
)
def test_told_address_is_for_hosts_of_this_machine(
    host: str, told: str, target: str
) -> None:
    assert _texts(_connector(host=host), told) == [target]


def test_own_address_that_is_no_loopback_is_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connector, "is_here", lambda host: True)
    made = _connector(host="192.0.2.1")
    assert _texts(made, "192.0.2.1:9000") == ["192.0.2.1:9000"]


def test_port_goes_before_what_is_told() -> None:
    made = _connector(port=9050)
    assert made.address == "127.0.0.1:9050"
    assert _texts(made, "127.0.0.1:9000") == ["127.0.0.1:9050"]
    assert _texts(_connector(host="0.0.0.0", port=1), None) == ["127.0.0.1:1"]


def test_n4_localhost_with_a_port_tries_both_addresses() -> None:
    made = _connector(host="localhost", port=9050)
    assert _texts(made, None) == ["127.0.0.1:9050", "[::1]:9050"]


def test_b14_without_a_server_it_says_so() -> None:
    with pytest.raises(ConnectionFailed, match="start the server, or give"):
        _connector().targets(None)


def test_b14_elsewhere_the_port_must_be_given() -> None:
    for told in (None, "127.0.0.1:9000"):
        with pytest.raises(ConnectionFailed, match="another machine") as got:
            _connector(host="192.0.2.123").targets(told)
        assert "give tcp.port" in str(got.value)
        assert got.value.address == "192.0.2.123"


def test_told_rubbish_is_refused() -> None:
    with pytest.raises(ConnectionFailed, match="no host:port"):
        _connector().targets("/run/x.sock")


@pytest.mark.parametrize(
    ("host", "looks_up"),
    [
        ("127.0.0.1", False),
        ("::1", False),
        ("localhost", False),
        ("0.0.0.0", False),
        ("example.org", True),
    ],
)
def test_n5_names_are_looked_up_elsewhere(host: str, looks_up: bool) -> None:
    assert _connector(host=host).looks_up is looks_up


def test_name_that_is_not_found_is_named() -> None:
    made = _connector(host="no.such.host.invalid", port=9000)
    with pytest.raises(ConnectionFailed, match="is not found"):
        made.targets(None)


def test_socket_connected_to_itself_is_refused() -> None:
    """What happens when nobody listens on a port that the kernel draws."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.connect(sock.getsockname())
        with pytest.raises(ConnectionRefusedError, match="to itself"):
            _connector().connected(sock)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ECONNREFUSED, "start the server"),
        (errno.ECONNRESET, "start the server"),
        (errno.ETIMEDOUT, "firewall"),
        (errno.EHOSTUNREACH, "firewall"),
        (errno.ENETUNREACH, "firewall"),
        (errno.EADDRNOTAVAIL, "local ports"),
        (errno.EMFILE, "ulimit -n"),
        (errno.ENFILE, "ulimit -n"),
        (errno.EINVAL, "check that a server listens"),
    ],
)
def test_each_error_has_a_mend(number: int, words: str) -> None:
    mend = _connector(port=9050).mend(OSError(number, os.strerror(number)))
    assert words in mend
    assert "127.0.0.1:9050" in mend or "ulimit" in mend
