from __future__ import annotations

import socket

import pytest

from plugwire_tcp import tuning


def test_s6_vanished_peer_is_noticed_within_40_seconds() -> None:
    with socket.socket() as sock:
        tuning.tune(sock)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)

        def option(name: str) -> int:
            return sock.getsockopt(socket.IPPROTO_TCP, getattr(socket, name))

        idle, interval, count = map(
            option, ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT")
        )
        assert idle + interval * count == 40
        assert option("TCP_USER_TIMEOUT") == 40_000
        assert option("TCP_NODELAY")


def test_options_that_the_system_lacks_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(socket, "TCP_USER_TIMEOUT")
    monkeypatch.delattr(socket, "TCP_KEEPIDLE")
    with socket.socket() as sock:
        tuning.tune(sock)
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT) == 4
