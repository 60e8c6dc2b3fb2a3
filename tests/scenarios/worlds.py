"""What scenarios are made of: servers, clients, raw peers, processes.

A scenario is a test that takes a `world`, one for each transport and codec.
It says what plugwire does and not how a face is called: another face runs
the same scenarios with a `World` whose servers and clients have the same
awaitable methods.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from plugwire import Client, Message, Server

DEADLINE = 20.0
"""Seconds that anything may take: a machine may be busy, and a scenario that
waits longer has failed."""
PORTS = {"port_range_start": 21000, "port_range_end": 21999}
HELLO = b'{"plugwire": 1}\n'


class World:
    """One transport, one codec, a folder of its own."""

    def __init__(self, transport: str, codec: str, folder: Path) -> None:
        self.transport = transport
        self.codec = codec
        self.folder = folder

    @property
    def is_socket(self) -> bool:
        """Whether another process can reach a server of this world."""
        return self.transport != "memory"

    def settings(self, **overrides: Any) -> dict[str, Any]:
        """What stands under `[plugwire]` here."""
        own: dict[str, Any] = {
            "transport": self.transport,
            "codec": self.codec,
            "socket_dir": str(self.folder),
            "reconnect_delay": 0.01,
            "default_timeout": DEADLINE,
            "handshake_timeout": DEADLINE,
        }
        if self.transport == "tcp":
            own["tcp"] = PORTS
        return {**own, **overrides}

    def server(self, event: str = "load", **overrides: Any) -> Server:
        """A server, not started."""
        return Server(event, settings=self.settings(), **overrides)

    def client(
        self,
        event: str = "load",
        *,
        door: str | None = None,
        receive: bool = True,
        **overrides: Any,
    ) -> Client:
        """A client, not connected."""
        return Client(
            event,
            door=door,
            receive=receive,
            settings=self.settings(),
            **overrides,
        )

    @asynccontextmanager
    async def clients(
        self, count: int, event: str = "load", **overrides: Any
    ) -> AsyncIterator[list[Client]]:
        """`count` clients that connect at once."""
        crowd = [self.client(event, **overrides) for _ in range(count)]
        try:
            await asyncio.gather(*(client.connect() for client in crowd))
            yield crowd
        finally:
            await asyncio.gather(*(client.disconnect() for client in crowd))

    def crash(self, client: Client) -> None:
        """Let `client` go without a word, as the end of its process would."""
        assert client._link is not None
        client._link.abort()

    async def take(self, client: Client, count: int) -> list[Message]:
        """The next `count` messages of `client`."""
        return [await client.receive(timeout=DEADLINE) for _ in range(count)]

    async def drain(self, client: Client, into: list[Message]) -> None:
        """Add what `client` receives; raises what ends it."""
        async for message in client:
            into.append(message)

    async def until(self, condition: Callable[[], object]) -> None:
        """Return once `condition()` is true."""
        async with asyncio.timeout(DEADLINE):
            while not condition():
                await asyncio.sleep(0.002)

    @asynccontextmanager
    async def raw(
        self, server: Server, door: str = "main"
    ) -> AsyncIterator[Raw]:
        """A peer of `server` that says what it likes."""
        peer = await dial(server.addresses[door])
        try:
            yield peer
        finally:
            await peer.close()

    @asynccontextmanager
    async def child(
        self, program: str, *arguments: str, **environment: str
    ) -> AsyncIterator[Child]:
        """A Python process that runs `program`, with `SETTINGS` in it."""
        settings = self.settings()
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                f"SETTINGS = {settings!r}\n{program}",
                *arguments,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )
        child = Child(process)
        try:
            yield child
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            await asyncio.to_thread(process.wait)
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with suppress(BrokenPipeError):
                        stream.close()


class Child:
    """A process, and what it prints."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    async def line(self) -> str:
        """The next line that it prints; empty at its end."""
        stream = self.process.stdout
        assert stream is not None
        async with asyncio.timeout(DEADLINE):
            return (await asyncio.to_thread(stream.readline)).strip()

    async def say(self, line: str) -> None:
        """Write it a line."""
        stream = self.process.stdin
        assert stream is not None
        stream.write(line + "\n")
        stream.flush()

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    async def ended(self) -> int:
        """Its exit status."""
        async with asyncio.timeout(DEADLINE):
            return await asyncio.to_thread(self.process.wait)


class Raw:
    """A socket, and the lines that come out of it."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.reader = reader
        self.writer = writer

    async def say(self, *parts: bytes) -> None:
        """Write `parts`; a connection that is gone takes them too."""
        with suppress(ConnectionError):
            for part in parts:
                self.writer.write(part)
            await self.writer.drain()

    async def line(self) -> dict[str, Any]:
        """The next line, decoded; {} at the end."""
        async with asyncio.timeout(DEADLINE):
            text = await self.reader.readline()
        return msgspec.json.decode(text, type=dict[str, Any]) if text else {}

    async def join(self) -> dict[str, Any]:
        """Shake hands; what the server answered to the least hello."""
        assert (await self.line())["plugwire"] == 1
        await self.say(HELLO)
        return await self.line()

    async def rest(self) -> bytes:
        """All that comes until the server closes."""
        data = b""
        async with asyncio.timeout(DEADLINE):
            with suppress(ConnectionError):
                while chunk := await self.reader.read(65536):
                    data += chunk
        return data

    async def close(self) -> None:
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()


async def dial(address: str) -> Raw:
    """Connect to `transport:address`, as `Server.addresses` has it."""
    transport, _, place = address.partition(":")
    if transport == "unix":
        return Raw(*await asyncio.open_unix_connection(place))
    host, _, port = place.rpartition(":")
    return Raw(*await asyncio.open_connection(host, int(port)))


def numbers(messages: Iterable[Message]) -> list[int]:
    """The `i` of each message."""
    return [message.data["i"] for message in messages]


def open_files() -> int:
    """How many descriptors this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))
