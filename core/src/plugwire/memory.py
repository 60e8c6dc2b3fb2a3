"""The in-process transport, `memory`: for tests, and for programs that are
server and client at once.

It reaches the process that it is in and nobody else. The ends may be in
different threads, each with a loop of its own.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from pathlib import Path

from plugwire.duplex import PIPE_BYTES, DuplexTransport, pair
from plugwire.errors import AlreadyRunning, ConnectionFailed
from plugwire.hookspecs import hookimpl
from plugwire.interfaces import Peer
from plugwire.sockets import SMALL_BUFFER

BACKLOG = 4096
"""Connections that wait for the server's loop at most: what Linux allows a
listening socket (`net.core.somaxconn`)."""

_Factory = Callable[[Peer], asyncio.BaseProtocol]


class _Registry:
    """Who listens in this process, by folder and endpoint."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        # In a forked child the lock may be held by a thread that is not
        # there, and nobody listens.
        self._lock = threading.Lock()
        self._live: dict[tuple[str, str], MemoryListener] = {}

    def add(self, listener: MemoryListener) -> MemoryListener | None:
        """Add it, or return the one that is in the way. One whose loop was
        closed without a stop is dead, and gives way."""
        with self._lock:
            other = self._live.get(listener.key)
            if other is not None and other.alive:
                return other
            self._live[listener.key] = listener
            return None

    def remove(self, listener: MemoryListener) -> None:
        with self._lock:
            if self._live.get(listener.key) is listener:
                del self._live[listener.key]

    def find(self, key: tuple[str, str]) -> MemoryListener | None:
        with self._lock:
            return self._live.get(key)


_registry = _Registry()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_registry.clear)


class MemoryListener:
    """The listening side; a `StreamListener`."""

    shared = False

    def __init__(self, endpoint: str, socket_dir: Path) -> None:
        self.address = endpoint
        self.key = (str(socket_dir), endpoint)
        self._waiting = 0
        self._waiting_lock = threading.Lock()
        self._listening = False

    async def start(self, factory: _Factory, *, small: bool) -> None:
        """Accept from now on. `small` lets no more than `SMALL_BUFFER`
        bytes be on their way to a client."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.current_thread().name
        self._factory = factory
        self._room = SMALL_BUFFER if small else PIPE_BYTES
        other = _registry.add(self)
        if other is not None:
            raise AlreadyRunning(
                f"{self.address!r} is served already, over memory in this "
                f"process, {other.owner}; stop that server first, or choose "
                "another event name or socket_dir",
                owner=other.owner,
            )
        self._listening = True

    async def stop(self) -> None:
        """Accept no more; who still waits to be accepted is reset."""
        self._listening = False
        _registry.remove(self)

    @property
    def alive(self) -> bool:
        return not self._loop.is_closed()

    @property
    def owner(self) -> str:
        """Who listens, in words."""
        return f"pid {os.getpid()}, thread {self._thread}"

    def dial(self, loop: asyncio.AbstractEventLoop) -> DuplexTransport:
        """The client's end of a new connection, from any thread. Raises
        `ConnectionFailed` when nobody can accept it."""
        with self._waiting_lock:
            if self._waiting >= BACKLOG:
                raise self._unreachable(
                    f"{BACKLOG} connections wait for its loop already; it "
                    "hangs or is overrun"
                )
            self._waiting += 1
        near, far = pair(loop, self._loop, to_one=self._room)
        try:
            self._loop.call_soon_threadsafe(self._accept, far)
        except RuntimeError:
            raise self._unreachable(
                "its loop was closed without stop(); start it again"
            ) from None
        return near

    def _unreachable(self, why: str) -> ConnectionFailed:
        return ConnectionFailed(
            f"the server of {self.address!r} over memory ({self.owner}) "
            f"accepts nobody: {why}",
            address=self.address,
        )

    def _accept(self, end: DuplexTransport) -> None:
        with self._waiting_lock:
            self._waiting -= 1
        if not self._listening:
            end.reject()
            return
        try:
            protocol = self._factory(_peer(self.address))
        except BaseException:
            end.reject()
            raise
        end.begin(protocol)


class MemoryConnector:
    """The connecting side; a `StreamConnector`."""

    def __init__(self, endpoint: str, socket_dir: Path) -> None:
        self.address = endpoint
        self._key = (str(socket_dir), endpoint)

    async def connect(
        self,
        factory: _Factory,
        told: str | None,  # noqa: ARG002 - the endpoint says it all
    ) -> tuple[asyncio.Transport, asyncio.BaseProtocol]:
        """Connect without waiting: the server's loop accepts when it comes
        to it, as a backlog has it."""
        listener = _registry.find(self._key)
        if listener is None:
            raise ConnectionFailed(
                f"nobody serves {self.address!r} over memory with "
                f"socket_dir {self._key[0]} in this process (pid "
                f"{os.getpid()}); start the server first, or choose a "
                "transport that reaches other processes",
                address=self.address,
            )
        protocol = factory(_peer(self.address))
        transport = listener.dial(asyncio.get_running_loop())
        transport.begin(protocol)
        return transport, protocol


class Memory:
    """The transport plugin `memory`; it has no settings."""

    default_permissions = ("anyone",)

    @hookimpl
    def bind(self, endpoint: str, socket_dir: Path) -> MemoryListener:
        return MemoryListener(endpoint, socket_dir)

    @hookimpl
    def connect(self, endpoint: str, socket_dir: Path) -> MemoryConnector:
        return MemoryConnector(endpoint, socket_dir)


def _peer(endpoint: str) -> Peer:
    """This very process, which is the only one that can be there."""
    return Peer(
        transport="memory",
        address=f"memory:{endpoint}",
        uid=os.geteuid() if hasattr(os, "geteuid") else None,
        gid=os.getegid() if hasattr(os, "getegid") else None,
        pid=os.getpid(),
    )
