"""What scenarios are made of: servers, clients, raw peers, processes.

A scenario is a test that takes a `world`, one for each face, transport and
codec. It says what plugwire does and not how a face is called: it awaits the
same methods of servers and clients on both, and `threads.py` says how a
blocking one is awaited. What differs has to be written so that both can do it:

- A blocking client looks at its connection while somebody calls it, and at
  no other time. Where a scenario waits for what a client hears of (a gap, a
  reconnect), somebody receives meanwhile: `world.listening(client)`.
- A handler that is a coroutine runs to its end in a thread of the blocking
  server, and nobody can cancel it there. What it waits for is a
  `world.Event()`, which the scenario sets before it ends.
- A blocking server runs in a thread of its own: after a `broadcast` it may
  not have got to it yet. `world.turn(server)` waits until it has.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
import threads

import plugwire
from plugwire import Client, Message, Server, load_settings
from plugwire.loops import loop_factory
from plugwire.testing import ChaosProxy

DEADLINE = 20.0
"""Seconds that anything may take: a machine may be busy, and a scenario that
waits longer has failed."""
FILLER = "x" * 4000
"""Makes a message that a socket's buffer holds few of."""
FACES = ("asyncio", "threads")
TRANSPORTS = ("unix", "tcp", "memory")
CODECS = ("msgpack", "json")
WAYS = (*itertools.product(TRANSPORTS, CODECS), ("unix", "msgspec"))
"""What a world's transport and codec are: once is enough for a codec of
another's bytes."""
PORTS = {"port_range_start": 21000, "port_range_end": 21999}
LOOPS = ["asyncio", "uvloop"]
if sys.version_info >= (3, 12):
    LOOPS.append("eager")
ALL_LOOPS = pytest.mark.asyncio(loop_factories=LOOPS)
"""For the scenarios that meet what uvloop does otherwise, or a bit of
everything, also where tasks begin at once; `--loop=uvloop` runs all of them
on it."""
FAST = """
import asyncio, uvloop
def _run(main):
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)
asyncio.run = _run
"""
"""What comes before a child's program, for it to run on uvloop too."""
HELLO = b'{"plugwire": 1}\n'


class World:
    """One face, one transport, one codec, a folder of its own; `loop` is
    what runs outside of a scenario's own loop.

    `Server`, `Client` and `Event` are the face's: the classes of plugwire and
    of asyncio, or what `threads.py` makes of the blocking ones. `server()`
    and `client()` make them with this world's settings.
    """

    def __init__(
        self,
        face: str,
        transport: str,
        codec: str,
        folder: Path,
        loop: str = "asyncio",
    ) -> None:
        self.face = face
        self.transport = transport
        self.codec = codec
        self.folder = folder
        self._loop = loop
        own: Any = threads if self.blocks else plugwire
        self.Server: type[Server] = own.Server
        self.Client: type[Client] = own.Client
        self.Event: type[asyncio.Event] = (
            threads.Event if self.blocks else asyncio.Event
        )

    @property
    def blocks(self) -> bool:
        """Whether this is the blocking face."""
        return self.face == "threads"

    @property
    def format(self) -> str:
        """What the codec makes on the wire."""
        return "msgpack" if self.codec == "msgspec" else self.codec

    @property
    def is_socket(self) -> bool:
        """Whether another process can reach a server of this world."""
        return self.transport != "memory"

    @property
    def loop(self) -> str:
        """The event loop here: that of the scenario, inside of it."""
        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            return self._loop
        is_fast = type(running).__module__.startswith("uvloop")
        return "uvloop" if is_fast else "asyncio"

    def run(self, scenario: Coroutine[Any, Any, None]) -> None:
        """Run one of many examples of a property, in a loop of its own."""
        factory = loop_factory(load_settings({"event_loop": self.loop}))
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(scenario)

    def settings(self, **overrides: Any) -> dict[str, Any]:
        """What stands under `[plugwire]` here."""
        own: dict[str, Any] = {
            "event_loop": self.loop,
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
        return self.Server(event, settings=self.settings(), **overrides)

    def client(
        self,
        event: str = "load",
        *,
        door: str | None = None,
        receive: bool = True,
        **overrides: Any,
    ) -> Client:
        """A client, not connected."""
        return self.Client(
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
        if isinstance(client, threads.Client):
            client.crash()
            return
        assert client._link is not None
        client._link.abort()

    async def take(self, client: Client, count: int) -> list[Message]:
        """The next `count` messages of `client`."""
        if isinstance(client, threads.Client):
            return await client.take(count, DEADLINE)
        return [await client.receive(timeout=DEADLINE) for _ in range(count)]

    async def drain(self, client: Client, into: list[Message]) -> None:
        """Add what `client` receives; raises what ends it."""
        if isinstance(client, threads.Client):
            await client.drain(into)
            return
        async for message in client:
            into.append(message)

    async def turn(self, server: Server) -> None:
        """Return once the server has done what it was told before this."""
        await server.flush(low=sys.maxsize)
        await asyncio.sleep(0)

    async def fill(self, server: Server) -> int:
        """Broadcast `FILLER` until somebody lags; how many it took."""
        for number in range(100_000):
            server.broadcast({"i": number, "fill": FILLER})
            await self.turn(server)
            if any(info.queued for info in server.clients.values()):
                return number + 1
        raise AssertionError("nobody lagged")

    @asynccontextmanager
    async def listening(self, client: Client) -> AsyncIterator[list[Message]]:
        """What `client` receives within the block, at whose end it
        disconnects; what ends it before is raised there."""
        heard: list[Message] = []
        draining = asyncio.create_task(self.drain(client, heard))
        try:
            yield heard
        finally:
            await client.disconnect()
            async with asyncio.timeout(DEADLINE):
                await draining

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
            peer.close()

    @asynccontextmanager
    async def proxied(
        self, server: Server, **overrides: Any
    ) -> AsyncIterator[tuple[ChaosProxy, Client]]:
        """A client of `server`, connected by way of a proxy. It does not
        wait long to come back: its line is cut again and again."""
        transport, _, place = server.addresses["main"].partition(":")
        own: dict[str, Any] = {"reconnect_cap": 0.02, **overrides}
        if transport == "unix":
            front = self.folder / "front"
            front.mkdir(mode=0o700, exist_ok=True)
            own["socket_dir"] = str(front)  # no doors file says otherwise
            proxy = ChaosProxy(place, listen=front / "load.sock")
        else:
            host, _, port = place.rpartition(":")
            proxy = ChaosProxy((host, int(port)))
        async with proxy:
            if transport == "tcp":
                own["tcp"] = {**PORTS, "port": proxy.port}
            async with self.client(**own) as client:
                yield proxy, client

    @asynccontextmanager
    async def child(
        self, program: str, *arguments: str, **environment: str
    ) -> AsyncIterator[Child]:
        """A Python process that runs `program`, with `SETTINGS` in it."""
        settings = self.settings()
        first = FAST if self.loop == "uvloop" else ""
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                f"SETTINGS = {settings!r}\n{first}{program}",
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
    """A socket, and the lines that come out of it. What came is read though
    the other side has gone meanwhile, and writing to it fails."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._came = b""
        self._loop = asyncio.get_running_loop()

    async def say(self, *parts: bytes) -> None:
        """Write `parts`; a connection that is gone takes them too."""
        with suppress(ConnectionError):
            await self._loop.sock_sendall(self._sock, b"".join(parts))

    async def line(self) -> dict[str, Any]:
        """The next line, decoded; {} at the end."""
        async with asyncio.timeout(DEADLINE):
            while b"\n" not in self._came and await self._more():
                pass
        text, _, self._came = self._came.partition(b"\n")
        return msgspec.json.decode(text, type=dict[str, Any]) if text else {}

    async def join(self) -> dict[str, Any]:
        """Shake hands; what the server answered to the least hello."""
        assert (await self.line())["plugwire"] == 1
        await self.say(HELLO)
        return await self.line()

    async def rest(self) -> bytes:
        """All that comes until the server closes."""
        async with asyncio.timeout(DEADLINE):
            while await self._more():
                pass
        data, self._came = self._came, b""
        return data

    async def _more(self) -> bool:
        with suppress(ConnectionError):
            chunk = await self._loop.sock_recv(self._sock, 65536)
            self._came += chunk
            return bool(chunk)
        return False

    def finish(self) -> None:
        """Say no more: the server reads its end."""
        self._sock.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._sock.close()


async def dial(address: str) -> Raw:
    """Connect to `transport:address`, as `Server.addresses` has it."""
    transport, _, place = address.partition(":")
    where: Any = place
    family = getattr(socket, "AF_UNIX", None)
    if transport != "unix":
        host, _, port = place.rpartition(":")
        family, where = socket.AF_INET, (host, int(port))
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(sock, where)
    except BaseException:
        sock.close()
        raise
    return Raw(sock)


def numbers(messages: Iterable[Message]) -> list[int]:
    """The `i` of each message."""
    return [message.data["i"] for message in messages]


def total(gaps: Iterable[int | None]) -> int:
    """What `on_gap` told, added up."""
    return sum(missed or 0 for missed in gaps)


def open_files() -> int:
    """How many descriptors this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))
