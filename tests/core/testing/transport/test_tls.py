"""TLS as asyncio has it, as a stream: the transport that many would write
first. Whole in the kit's eyes, and for messages of every size."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plugwire import Client, ConnectionFailed, Server, hookimpl
from plugwire.interfaces import Peer, StreamConnector, StreamListener
from plugwire.sockets import shrink
from plugwire.testing import TransportSuite

HOST = "127.0.0.1"
PEM = Path(__file__).parents[2] / "localhost.pem"
"""A certificate of localhost, signed by itself, and its key: nobody's."""


class Arrival(asyncio.Protocol):
    """Stands in until it is known who comes."""

    def __init__(self, factory: Callable[[Peer], Any], small: bool) -> None:
        self.factory = factory
        self.small = small

    def connection_made(self, transport: Any) -> None:
        if self.small:
            shrink(transport.get_extra_info("socket"))
        host, port = transport.get_extra_info("peername")
        protocol = self.factory(
            Peer(transport="tls", address=f"{host}:{port}")
        )
        transport.set_protocol(protocol)
        protocol.connection_made(transport)


class Listener:
    shared = True
    address = f"{HOST}:0"

    def __init__(self) -> None:
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.load_cert_chain(PEM)

    async def start(self, factory: Any, *, small: bool) -> None:
        self.server = await asyncio.get_running_loop().create_server(
            lambda: Arrival(factory, small), HOST, 0, ssl=self.context
        )
        if not self.server.sockets:  # asyncio does not say why
            raise ConnectionFailed(f"cannot listen at {HOST}; is it up?")
        port = self.server.sockets[0].getsockname()[1]
        self.address = f"{HOST}:{port}"

    async def stop(self) -> None:
        self.server.close()


class Connector:
    address = f"{HOST}:0"

    def __init__(self) -> None:
        self.context = ssl.create_default_context(cafile=str(PEM))

    async def connect(self, factory: Any, told: str | None) -> Any:
        self.address = told or self.address
        try:
            return await asyncio.get_running_loop().create_connection(
                lambda: factory(Peer(transport="tls", address=self.address)),
                HOST,
                int(self.address.rpartition(":")[2]),
                ssl=self.context,
                server_hostname="localhost",
            )
        except OSError as error:
            raise ConnectionFailed(
                f"cannot connect to {self.address}: {error}; start the server",
                address=self.address,
            ) from error


class Tls:
    """The plugin."""

    default_permissions = ("anyone",)

    @hookimpl
    def bind(self) -> StreamListener:
        return Listener()

    @hookimpl
    def connect(self) -> StreamConnector:
        return Connector()


@pytest.mark.parametrize("size", [1, 10_000, 20_000, 300_000])
async def test_messages_of_every_size_go_both_ways(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    size: int,
) -> None:
    """A pause at 0 bytes is one for ever, from some 16 KiB on."""
    own = {"socket_dir": tmp_path, "transport": Tls()}
    fill = "x" * size
    async with Server("load", **own) as server:
        server.on_message(lambda client, message: message.data)
        async with Client("load", **own) as client:
            for number in range(3):
                server.broadcast({"i": number, "fill": fill})
                came = await client.receive(timeout=20)
                assert came.data == {"i": number, "fill": fill}
                answer = await client.request({"fill": fill}, timeout=20)
                assert answer.data == {"fill": fill}
    assert not [r for r in caplog.records if r.levelno >= logging.WARNING]


@pytest.mark.once
def test_it_is_whole_in_the_kit_s_eyes(verdicts: Callable[..., Any]) -> None:
    found = verdicts(TransportSuite, Tls, capabilities=("processes",))
    failed = {n: v for n, v in found.items() if v.startswith("failed")}
    assert failed == {}
    assert sum(verdict == "passed" for verdict in found.values()) > 60
