"""asyncio's TLS, told to hold nothing; what is built on it is tried in
tests/core/testing/transport/test_tls.py."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest

from plugwire.aio.tls import hold_nothing, is_tls

PEM = Path(__file__).parents[1] / "localhost.pem"
SECONDS = 20.0
MUCH = 8 << 20


class End(asyncio.Protocol):
    """Reads when it is told to; writes down what its transport says."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.changed = asyncio.Event()
        self.transport: Any = None
        self.read = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        hold_nothing(self.transport)
        self.changed.set()

    def data_received(self, data: bytes) -> None:
        self.read += len(data)
        self.changed.set()

    def pause_writing(self) -> None:
        self.calls.append("pause")
        self.changed.set()

    def resume_writing(self) -> None:
        self.calls.append("resume")
        self.changed.set()

    @property
    def is_paused(self) -> bool:
        return self.calls.count("pause") > self.calls.count("resume")

    async def until(self, condition: Any) -> None:
        async with asyncio.timeout(SECONDS):
            while not condition():
                self.changed.clear()
                await self.changed.wait()


@pytest.mark.parametrize("encrypted", [False, True])
async def test_who_writes_is_paused_while_anything_is_held(
    encrypted: bool,
) -> None:
    ours = theirs = None
    written = len(b"a word")
    if encrypted:
        ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        ours.load_cert_chain(PEM)
        theirs = ssl.create_default_context(cafile=str(PEM))
    loop, far = asyncio.get_running_loop(), End()
    server = await loop.create_server(lambda: far, "127.0.0.1", 0, ssl=ours)
    async with server:
        port = server.sockets[0].getsockname()[1]
        name = "localhost" if encrypted else None
        _, near = await loop.create_connection(
            End, "127.0.0.1", port, ssl=theirs, server_hostname=name
        )
        await far.until(lambda: far.transport is not None)
        assert is_tls(near.transport) is is_tls(far.transport) is encrypted
        # What the handshake left may have been on its way still.
        await near.until(lambda: not near.is_paused)
        near.transport.write(b"a word")
        await far.until(lambda: far.read == 6)
        await near.until(lambda: not near.is_paused)
        near.calls.clear()
        hold_nothing(near.transport)  # it looks again
        assert near.calls == []
        far.transport.pause_reading()
        while not near.is_paused:  # TLS sees it a write later
            near.transport.write(bytes(MUCH))
            written += MUCH
        assert near.calls == ["pause"]
        assert written <= 3 * MUCH
        far.transport.resume_reading()
        await far.until(lambda: far.read == written)
        await near.until(lambda: near.calls == ["pause", "resume"])
        near.transport.abort()
        far.transport.abort()
