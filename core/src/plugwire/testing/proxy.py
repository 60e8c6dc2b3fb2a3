"""A proxy that makes a connection bad: late, slow, in pieces, cut off.

Put it between a client and a server and change its settings while they
run::

    async with ChaosProxy(("127.0.0.1", 9000)) as proxy:
        async with Client("load", transport="tcp", tcp={"port": proxy.port}):
            proxy.down.delay = 0.2      # every byte to the client is late
            proxy.up.blackhole = True   # nothing reaches the server
            proxy.reset()               # all connections break

A blocking program says `with` in place of `async with`; the proxy then runs
in a thread of its own. Settings and methods, `start` and `stop` aside, may
be used from any thread; what they do begins with the proxy's next step.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from plugwire.aio.accept import accept
from plugwire.errors import ConnectionFailed
from plugwire.sync.portal import Portal
from plugwire.testing.flow import Flow, Pulse
from plugwire.testing.relay import Direction, Relay, harden

Address: TypeAlias = str | Path | tuple[str, int]
"""A Unix socket's path, or host and port."""

BACKLOG = 4096
"""Connections that may wait to be accepted, as many as a server's own
`backlog`, so that the proxy is not what turns a crowd away."""

RETRY = 0.1
"""Seconds until the next try after descriptors have run out, the end of
which no event announces."""


class ChaosProxy:
    """Stands in front of `target` and listens at `listen`.

    Both are a Unix socket's path or (host, port), each of its own kind.
    `listen` not given: a free port of 127.0.0.1 before a (host, port), the
    target's path with `.proxy` at its end before a path. `address` says
    where it listens once it has started, `port` the port of it.

    `up` is the way from clients to the target, `down` the way back: see
    `Flow` for what can be done to each. While `refuse` is true, whoever
    connects is accepted and closed at once. `accepted` counts all who ever
    connected, `active` those who are connected now.

    Untouched, it passes on bytes, ends of streams and resets as they come.
    It holds at most 64 KiB each way of a connection, so that a side that
    does not read stops the other. A target that cannot be reached is a
    reset for the client.
    """

    def __init__(
        self, target: Address, *, listen: Address | None = None
    ) -> None:
        self.target = target
        self.address: Address = _before(target) if listen is None else listen
        self._pulse = Pulse()
        self.up = Flow(self._pulse)
        self.down = Flow(self._pulse)
        self.refuse = False
        self.accepted = 0
        self._relays: dict[asyncio.Task[None], Relay] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def port(self) -> int:
        """The port it listens at. Raises `TypeError` for a Unix socket."""
        if not isinstance(self.address, tuple):
            raise TypeError(
                f"the proxy listens at {self.address}, which has no port; "
                "use address"
            )
        return self.address[1]

    @property
    def active(self) -> int:
        """How many connections there are now."""
        return len(self._relays)

    def reset(self) -> None:
        """Break all connections: a reset on TCP; a Unix socket, which has
        none, ends abruptly. New ones are taken as before."""
        self._soon(self._reset)

    def half_close(self, direction: Direction) -> None:
        """End the stream of all connections in one direction: the target
        (`up`) or the clients (`down`) read its end, at once and whatever is
        on its way; the other direction goes on."""
        self._soon(self._half_close, direction)

    # ------------------------------------------------------------ lifetime

    async def start(self) -> None:
        """Listen. Raises `ConnectionFailed` when the address cannot be
        had."""
        family, address = _family(self.address)
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setblocking(False)
        try:
            if isinstance(self.address, tuple) and os.name == "posix":
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(BACKLOG)
        except OSError as error:
            listener.close()
            raise ConnectionFailed(
                f"the proxy cannot listen at {self.address}: {error}; give "
                "it another address (listen=...)",
                address=str(self.address),
            ) from error
        if isinstance(self.address, tuple):
            self.address = listener.getsockname()[:2]
        self._loop = asyncio.get_running_loop()
        self._pulse.start()
        self._listener = listener
        self._accepting = self._loop.create_task(self._accept())

    async def stop(self) -> None:
        """Listen no more and reset what is connected. Twice is harmless."""
        if self._loop is None:
            return
        self._loop = None
        tasks = [self._accepting, *self._relays]
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        self._listener.close()
        if not isinstance(self.address, tuple):
            Path(self.address).unlink(missing_ok=True)  # noqa: ASYNC240

    async def __aenter__(self) -> ChaosProxy:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def __enter__(self) -> ChaosProxy:
        self._portal = Portal("plugwire-chaos-proxy")
        try:
            self._portal.run(self.start())
        except BaseException:
            self._portal.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._portal.run(self.stop())
        finally:
            self._portal.stop()

    # -------------------------------------------------------- in the loop

    def _soon(self, action: Callable[..., None], *args: Any) -> None:
        loop = self._loop
        if loop is not None:
            loop.call_soon_threadsafe(action, *args)

    def _reset(self) -> None:
        for task in self._relays:
            task.cancel()

    def _half_close(self, direction: Direction) -> None:
        for relay in self._relays.values():
            relay.cut(direction)
        self._pulse.beat()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                near = await accept(self._listener)
            except OSError:
                await self._pulse.wait(RETRY)
                continue
            self.accepted += 1
            if self.refuse:
                harden(near)
                near.close()
                continue
            _hurry(near)
            relay = Relay(near, self._dial, self.up, self.down, self._pulse)
            task = loop.create_task(relay.run())
            self._relays[task] = relay
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        relay = self._relays.pop(task)
        if task.cancelled():
            relay.abort()  # a task that never began closes nothing

    async def _dial(self) -> socket.socket:
        family, address = _family(self.target)
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(sock, address)
        except BaseException:
            sock.close()
            raise
        _hurry(sock)
        return sock


def _before(target: Address) -> Address:
    if isinstance(target, tuple):
        return ("127.0.0.1", 0)
    return Path(f"{target}.proxy")


def _family(address: Address) -> tuple[int, Any]:
    """The family of an address, and its form for `socket`."""
    if isinstance(address, tuple):
        return (
            socket.AF_INET6 if ":" in address[0] else socket.AF_INET,
            address,
        )
    return socket.AF_UNIX, str(address)


def _hurry(sock: socket.socket) -> None:
    """Send pieces as they are cut: delay is the proxy's to make."""
    if sock.family in (socket.AF_INET, socket.AF_INET6):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
