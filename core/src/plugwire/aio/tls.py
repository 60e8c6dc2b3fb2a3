"""What asyncio's TLS does otherwise than its other transports."""

from __future__ import annotations

import asyncio


def is_tls(transport: asyncio.BaseTransport) -> bool:
    """Whether asyncio, or uvloop, encrypts what is written to it."""
    return transport.get_extra_info("sslcontext") is not None


def hold_nothing(transport: asyncio.WriteTransport) -> None:
    """Have `transport` pause its writer as soon as it holds anything.

    Told to pause at 0 bytes, TLS pauses while it holds none, too, each
    second time that it looks, and may leave it at that
    (`SSLProtocol._control_app_writing` of CPython 3.11 to 3.13): there it is
    told 1.
    """
    transport.set_write_buffer_limits(high=1 if is_tls(transport) else 0)
