"""One door of a running server: what it listens on, and who is in it."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Callable
from functools import partial
from typing import cast

from plugwire.aio.accept import Acceptor
from plugwire.aio.arrival import Arrival
from plugwire.aio.connection import ServerConnection
from plugwire.aio.host import Guest, Host
from plugwire.aio.pending import Pending
from plugwire.aio.slots import Slots
from plugwire.aio.tasks import begin
from plugwire.fanout import Lane
from plugwire.interfaces import Peer, SocketListener
from plugwire.pipeline import DoorPipeline
from plugwire.settings import Lag

ACCEPTS_A_TURN = 64
"""Connections accepted before other work gets its turn."""
EXHAUSTED_PAUSE = 0.25
"""Seconds to accept nobody when descriptors or memory have run out: as good
as at once for who waits in the backlog, and no busy loop."""
_EXHAUSTED = frozenset(
    {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
)


class Door:
    """Accepts, and keeps to the limits of this door.

    Connections that have not joined, or that are being drained, are
    *pending*, `pending_connections` at most; `Pending` says who goes when
    more come. Until somebody can go they wait in the kernel's backlog.
    """

    def __init__(
        self,
        host: Host,
        pipeline: DoorPipeline,
        lane: Lane,
        lane_index: int,
    ) -> None:
        self.pipeline = pipeline
        self.lane = lane
        self.lane_index = lane_index
        self._host = host
        self._pending = Pending(
            host.settings.pending_connections, host.loop.time
        )
        self._slots = Slots(
            f"door {pipeline.door!r} of {host.event!r}",
            pipeline.max_connections,
            host.settings.service_connections,
            host.loop.time,
        )
        self._tasks: list[asyncio.Task[None]] = []
        self._making: set[asyncio.Task[None]] = set()
        self._small = pipeline.lag is Lag.KEEP_LATEST
        self._is_open = False

    @property
    def address(self) -> str:
        """Where it listens, with the transport's name."""
        return f"{self.pipeline.transport}:{self.pipeline.listener.address}"

    async def open(self) -> None:
        """Listen, and accept from now on."""
        listener = self.pipeline.listener
        if hasattr(listener, "open"):
            sockets = cast(SocketListener, listener).open(
                self._host.settings.backlog
            )
            self._is_open = True
            for sock in sockets:
                sock.setblocking(False)
                self._tasks.append(begin(self._accept(sock)))
        else:
            await listener.start(self._connection, small=self._small)
            self._is_open = True

    async def close(self) -> None:
        """Accept nobody any more, and remove what `open` made."""
        if not self._is_open:
            return
        self._is_open = False
        for task in self._tasks:
            task.cancel()
        # What was accepted becomes a connection, and is turned away as one.
        # (Cancelled there, uvloop closes it without `connection_lost`.)
        tasks = [*self._tasks, *self._making]
        if tasks:
            await asyncio.wait(tasks)
        self._tasks.clear()
        listener = self.pipeline.listener
        if hasattr(listener, "open"):
            cast(SocketListener, listener).close()
        else:
            await listener.stop()

    def after_fork(self) -> None:
        """In a forked child: close what listens here, and nothing else."""
        listener = self.pipeline.listener
        if self._is_open and hasattr(listener, "open"):
            cast("SocketListener", listener).close()

    # --------------------------------------------------------- accepting

    def _connection(
        self, peer: Peer, send: Callable[[bytes], int] | None = None
    ) -> ServerConnection:
        return ServerConnection(self._host, self, peer, Arrival, send)

    async def _accept(self, listening: socket.socket) -> None:
        acceptor = Acceptor(listening)
        try:
            await self._accept_all(acceptor)
        finally:
            acceptor.rest()

    async def _accept_all(self, acceptor: Acceptor) -> None:
        streak = 0
        while True:
            if not self._pending.has_room:
                acceptor.rest()
                await self._pending.room()
            try:
                sock = await acceptor.next()
            except OSError as error:
                if error.errno in _EXHAUSTED:
                    acceptor.rest()
                    self._host.limiter.say(
                        logging.ERROR,
                        "accept",
                        "door %s cannot accept: %s; clients wait in the "
                        "backlog until there is room (ulimit -n)",
                        self.pipeline.door,
                        error,
                    )
                    cut = self._pending.cut(ACCEPTS_A_TURN)
                    await asyncio.sleep(0 if cut else EXHAUSTED_PAUSE)
                # Otherwise the peer went away while it waited.
                continue
            task = begin(self._make(sock))
            self._making.add(task)
            task.add_done_callback(partial(self._made, sock))
            self._pending.begin(sock)
            self._pending.make_room()
            streak += 1
            if streak >= ACCEPTS_A_TURN:
                streak = 0
                await asyncio.sleep(0)

    def _made(self, sock: socket.socket, task: asyncio.Task[None]) -> None:
        self._making.discard(task)
        if task.cancelled():
            sock.close()  # of a task that never began, nobody else does
        self._pending.failed(sock)

    async def _make(self, sock: socket.socket) -> None:
        """Make an accepted socket a connection."""
        connection: ServerConnection | None = None
        try:
            listener = cast(SocketListener, self.pipeline.listener)
            peer = listener.accepted(sock, small=self._small)
            loop = asyncio.get_running_loop()
            made = connection = self._connection(peer, sock.send)
            self._pending.becomes(sock, connection)
            await loop.connect_accepted_socket(lambda: made, sock)
        except OSError as error:
            sock.close()
            self._host.limiter.say(
                logging.DEBUG,
                "gone",
                "door %s: a peer went away at once: %s",
                self.pipeline.door,
                error,
            )
        except BaseException:
            sock.close()
            raise
        finally:
            if connection is not None:
                self._pending.failed(connection)

    # ------------------------------------------------------------ limits

    def opened(self, guest: Guest) -> None:
        """A transport is there, and nothing is known of its peer."""
        self._pending.opened(guest)
        self._host.opened(guest)

    def admit(self, guest: Guest) -> None:
        """Give `guest` the slot of its role, or raise
        `TooManyConnections`."""
        self._slots.take(guest)
        self._pending.heard(guest)

    def asked(self, guest: Guest) -> None:
        """It asked a question of the command's."""
        self._slots.asked(guest)

    def joined(self, guest: Guest) -> None:
        """It is pending no more."""
        self._pending.discard(guest)

    def release(self, guest: Guest) -> None:
        """Its slot is free; what is left of it is being drained."""
        self._slots.free(guest)
        if not guest.closed:
            self._pending.drained(guest)

    def closed(self, guest: Guest) -> None:
        """Its transport is gone."""
        self._slots.free(guest)
        self._pending.discard(guest)
        self._host.closed(guest)
