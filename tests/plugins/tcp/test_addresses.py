from __future__ import annotations

import ipaddress
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugwire import ConnectionFailed
from plugwire_tcp import addresses
from plugwire_tcp.addresses import (
    is_here,
    is_literal,
    is_loopback,
    parse,
    reachable,
    resolve,
    text,
)


@pytest.mark.parametrize(
    ("host", "literal", "loopback"),
    [
        ("127.0.0.1", True, True),
        ("127.3.2.1", True, True),
        ("::1", True, True),
        ("localhost", True, True),
        ("0.0.0.0", True, False),
        ("::", True, False),
        ("192.0.2.1", True, False),
        ("fe80::1%eth0", True, False),
        ("127.1", False, False),
        ("0", False, False),
        ("localhost.example.org", False, False),
        ("example.org", False, False),
    ],
)
def test_host_is_judged_without_a_look_up(
    host: str, literal: bool, loopback: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(socket, "getaddrinfo")
    assert is_literal(host) == literal
    assert is_loopback(host) == loopback


def test_n4_localhost_is_both_loopback_addresses() -> None:
    assert [place[:2] for _, place in resolve("localhost", 9000)] == [
        ("127.0.0.1", 9000),
        ("::1", 9000),
    ]


def test_address_is_itself() -> None:
    assert resolve("192.0.2.1", 1) == [(socket.AF_INET, ("192.0.2.1", 1))]
    ((family, place),) = resolve("2001:db8::1", 1)
    assert family == socket.AF_INET6
    assert place[:2] == ("2001:db8::1", 1)


@pytest.mark.parametrize("host", ["no.such.host.invalid", "a" * 300, "[::1]"])
def test_host_that_is_not_found_is_named(host: str) -> None:
    with pytest.raises(ConnectionFailed, match="is not found") as caught:
        resolve(host, 9000)
    assert repr(host) in str(caught.value)
    assert "tcp.host" in str(caught.value)
    assert "9000" in caught.value.address


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", True),
        ("192.0.2.123", False),  # RFC 5737: nobody's
        ("2001:db8::1", False),  # RFC 3849: nobody's
    ],
)
def test_what_can_be_bound_is_this_machine(host: str, here: bool) -> None:
    assert is_here(host) == here


def test_every_address_is_reached_by_loopback() -> None:
    assert reachable("0.0.0.0") == "127.0.0.1"
    assert reachable("::") == "::1"
    assert reachable("192.0.2.1") == "192.0.2.1"


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        (("127.0.0.1", 9000), "127.0.0.1:9000"),
        (("::1", 9000, 0, 0), "[::1]:9000"),
        (("fe80::1", 9000, 0, 2), "[fe80::1%2]:9000"),
        (("fe80::1%eth0", 9000, 0, 2), "[fe80::1%eth0]:9000"),
        (("example.org", 9000), "example.org:9000"),
    ],
)
def test_addresses_as_text(place, shown: str) -> None:
    assert text(place) == shown


@given(st.ip_addresses(), st.integers(0, 65535))
def test_text_is_parsed_back(
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int
) -> None:
    assert parse(addresses.text((str(ip), port))) == (str(ip), port)


@pytest.mark.parametrize("address", ["", "host", "host:", "host:x"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError):
        parse(address)
