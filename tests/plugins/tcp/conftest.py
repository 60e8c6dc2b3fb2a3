"""Fixtures: free ports, and listeners that are closed again."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Iterator

import pytest

from plugwire_tcp import Tcp, TcpSettings
from plugwire_tcp.listener import TcpListener

MakeListener = Callable[..., TcpListener]


@pytest.fixture
def ports() -> Iterator[range]:
    """Three free ports in a row, outside of the range that the kernel draws
    from for clients; each test process looks from a place of its own.

    What is free now another process may find so too, before either listens:
    whoever has the name of the first port has the ports.
    """
    start = 12_000 + os.getpid() % 3_000 * 3
    for first in range(start, start + 6_000, 3):
        with contextlib.ExitStack() as stack:
            try:
                name = stack.enter_context(socket.socket(socket.AF_UNIX))
                name.bind(f"\0plugwire-tests-port-{first}")
                for port in range(first, first + 3):
                    with socket.socket() as sock:
                        sock.bind(("0.0.0.0", port))
            except OSError:
                continue
            yield range(first, first + 3)
            return
    raise AssertionError("no free ports")


@pytest.fixture
def make(ports: range) -> Iterator[MakeListener]:
    """Listeners in the range `ports`; all are closed at the end."""
    with contextlib.ExitStack() as stack:

        def listener(**settings: object) -> TcpListener:
            given = {
                "port_range_start": ports[0],
                "port_range_end": ports[-1],
                **settings,
            }
            made = Tcp(TcpSettings(**given)).bind()  # type: ignore[arg-type]
            stack.callback(made.close)
            return made

        yield listener
