"""Hosts and addresses: names, texts, and what is on this machine."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any, TypeAlias

from plugwire import ConnectionFailed

Place: TypeAlias = tuple[int, Any]
"""A family and an address, as for `socket`."""

_LOCALHOST = ("127.0.0.1", "::1")
_LOOPBACK_OF = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def is_literal(host: str) -> bool:
    """Whether `host` is found without a name service: an IP address, or
    `localhost`, which is fixed (RFC 6761, 6.3)."""
    return host in _LOCALHOST or host == "localhost" or _ip(host) is not None


def is_loopback(host: str) -> bool:
    """Whether `host` says by itself, without a look-up, that no other
    machine can reach it. A name other than `localhost` does not."""
    ip = _ip(host)
    return host == "localhost" if ip is None else ip.is_loopback


def resolve(host: str, port: int) -> list[Place]:
    """The places of `host`, in the order to try them.

    `localhost` is 127.0.0.1 and then ::1. Other names are looked up, which
    may block. Raises `ConnectionFailed`.
    """
    hosts = _LOCALHOST if host == "localhost" else (host,)
    places: list[Place] = []
    for each in hosts:
        try:
            found = socket.getaddrinfo(each, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise ConnectionFailed(
                f"the host {host!r} is not found: {error}; check tcp.host and"
                " the name service",
                address=text((host, port)),
            ) from error
        places += [(int(family), place) for family, *_, place in found]
    return list(dict.fromkeys(places))


def is_here(host: str) -> bool:
    """Whether `host` is this machine: a loopback address, or one that can
    be bound here. Looks names up."""
    if is_loopback(host):
        return True
    return any(_binds(family, place) for family, place in resolve(host, 0))


def reachable(host: str) -> str:
    """`host`, or for "every address" the loopback one to connect to."""
    return _LOOPBACK_OF.get(host, host)


def text(place: Any) -> str:
    """`host:port`, with brackets around an IPv6 host."""
    host, port = place[:2]
    if len(place) == 4 and place[3] and "%" not in host:
        host = f"{host}%{place[3]}"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def parse(address: str) -> tuple[str, int]:
    """Host and port of what `text` made; ValueError for anything else."""
    host, _, port = address.rpartition(":")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _binds(family: int, place: Any) -> bool:
    # The one question that needs no list of interfaces; port 0 is free.
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind(place)
    except OSError:
        return False
    return True
