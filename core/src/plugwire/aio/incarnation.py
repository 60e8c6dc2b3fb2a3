"""A server from its start to its stop: everything that lives in between.

All of it belongs to one event loop. `broadcast` and `send` may be called
from other threads: they encode where they are called and leave the rest for
the loop, which is woken once for a batch.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Coroutine, Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from plugwire import doorsfile, forks
from plugwire.aio.broadcaster import Broadcaster
from plugwire.aio.connection import ServerConnection
from plugwire.aio.door import Door
from plugwire.aio.handlers import Handlers, call
from plugwire.aio.host import Entrance, Guest
from plugwire.aio.lag import LagWatch
from plugwire.aio.scratch import read_buffer
from plugwire.aio.tasks import begin
from plugwire.errors import (
    PlugwireError,
)
from plugwire.fanout import Lane
from plugwire.handshake import HandshakeRefused
from plugwire.interfaces import Peer
from plugwire.logs import Limiter, clean, log, note
from plugwire.message import MessageType
from plugwire.outbox import Ledger
from plugwire.pipeline import DoorPipeline, ServerPipeline
from plugwire.registry import Registry
from plugwire.rundir import EventLock, ensure_private
from plugwire.settings import Settings
from plugwire.stats import Stats

PARTING = 1.0
"""Seconds that handlers have at least to end when a server stops, so that
`on_disconnect` is heard; and to end once they were cancelled."""
PARTING_CLIENTS = 1000
"""Clients that have left and whose messages are still handled, at most: each
holds up to `handler_queue` of them. Of who leaves then, they are dropped."""
PARTING_BYTES = 64 * 1024 * 1024
"""Bytes of those messages, of all such clients together, likewise: one could
leave up to `handler_bytes` behind, come back, and do so again."""
SHOWN_CLIENTS = 1000
"""Clients that one answer to `plugwire clients` lists."""


class Incarnation:
    """Doors, registry, lanes, queue and outboxes of one start."""

    def __init__(
        self,
        event: str,
        settings: Settings,
        pipeline: ServerPipeline,
        handlers: Handlers,
    ) -> None:
        self.event = event
        self.settings = settings
        self.handlers = handlers
        self.name = os.urandom(8).hex()
        self.loop = asyncio.get_running_loop()
        self.registry = Registry()
        self.ledger = Ledger()
        self.limiter = Limiter()
        self.stats = Stats()
        self.buffer = read_buffer()
        self.connections: set[Guest] = set()
        self.running = False
        self.stopping = False
        self.is_forked = False
        self.reason = ""
        self.lag = LagWatch(self)
        self.voice = Broadcaster(
            event,
            settings,
            self.registry,
            pipeline.queue,
            self.stats,
            self.limiter,
            self.lag.weigh,
        )
        self.doors = self._make_doors(pipeline.doors)
        self._event_lock: EventLock | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._parting = 0
        self._parting_bytes = 0
        self._empty = asyncio.Event()
        self._empty.set()

    def _make_doors(self, pipelines: Iterable[DoorPipeline]) -> list[Door]:
        places: dict[Any, int] = {}
        doors = []
        for pipeline in pipelines:
            index = places.setdefault(pipeline.lane, len(self.voice.lanes))
            if index == len(self.voice.lanes):
                self.voice.add(Lane(pipeline.encoder))
            doors.append(Door(self, pipeline, self.voice.lanes[index], index))
        return doors

    # ------------------------------------------------------ start, stop

    async def open(self) -> None:
        """Open every door, or none: what was done is undone on errors."""
        shared = any(door.pipeline.listener.shared for door in self.doors)
        folder = self.settings.folder()
        try:
            if shared:
                ensure_private(folder)
                lock = EventLock(folder / f"{self.event}.lock")
                lock.acquire()
                self._event_lock = lock
            for door in self.doors:
                for gate in door.pipeline.gates:
                    gate.prepare()
            for door in self.doors:
                await door.open()
            if shared:
                doorsfile.write(folder, self.event, self._entries())
        except BaseException:
            self.stopping = True
            try:
                await self._undo()
            finally:
                await self._cut(self.loop.time())
            raise
        self.running = True
        forks.watch(self)
        log.info(
            "%s: started (%s)",
            self.event,
            ", ".join(door.address for door in self.doors),
        )

    def _entries(self) -> list[doorsfile.DoorEntry]:
        return [
            doorsfile.DoorEntry(
                door=door.pipeline.door,
                endpoint=door.pipeline.endpoint,
                transport=door.pipeline.transport,
                codec=door.pipeline.codec,
                format=door.pipeline.format,
                plain=door.pipeline.plain,
                address=door.pipeline.listener.address,
                extensions=door.pipeline.extensions,
            )
            for door in self.doors
            if door.pipeline.listener.shared
        ]

    async def _undo(self) -> None:
        try:
            for door in self.doors:
                await door.close()
        finally:
            if self._event_lock is not None:
                doorsfile.remove(self.settings.folder(), self.event)
                self._event_lock.release()
                self._event_lock = None

    async def close(self, reason: str) -> None:
        """Goodbye to all, `drain_timeout` for what they are owed, then cut.
        Nothing is left behind when it returns, cancelled or not."""
        self.reason = reason
        self.stopping = True
        deadline = self.loop.time() + self.settings.drain_timeout
        self.voice.catch_up()
        try:
            for door in self.doors:
                await door.close()
            self.voice.flush_now()
            for connection in tuple(self.connections):
                connection.end(reason)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(deadline):
                    await self._empty.wait()
        finally:
            self.running = False
            await self._cut(deadline)
            await self._undo()
        log.info("%s: stopped (%s)", self.event, reason)

    def after_fork(self) -> None:
        """In a forked child: the doors are the parent's."""
        self.is_forked = True
        for door in self.doors:
            door.after_fork()

    def cut(self) -> None:
        """Abort who is left: what they are owed is lost."""
        for connection in tuple(self.connections):
            connection.abort()

    async def _cut(self, deadline: float) -> None:
        """Abort who is left, and see all handlers to their end: by
        themselves until `deadline`, then cancelled."""
        self.cut()
        await self._empty.wait()
        self.lag.stop()
        left = max(PARTING, deadline - self.loop.time())
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=left)
        if self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks, timeout=PARTING)
        if self._tasks:
            log.error(
                "%s: %d handlers run on, though they were cancelled",
                self.event,
                len(self._tasks),
            )
        self.stats.dropped += self.voice.queue.clear()

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run `work` as a task of this incarnation, held until its end."""
        task = begin(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def owns(self, task: asyncio.Task[Any] | None) -> bool:
        """Whether `task` runs a handler, which a stop has to end first."""
        return task in self._tasks

    def leaving(self) -> PlugwireError:
        """What who comes too late is told."""
        return HandshakeRefused(
            "busy",
            f"{self.event!r} is being stopped or is not ready",
            "try again in a moment",
        )

    def attach(self, client_id: int, session: str) -> None:
        """See `Server.attach`."""
        self.voice.catch_up()
        self._connection(client_id).attach(session)
        self.voice.flush_soon()

    def detach(self, client_id: int) -> None:
        """See `Server.detach`."""
        self.voice.catch_up()
        self._connection(client_id).detach()
        self.voice.flush_soon()

    def disconnect(self, client_id: int, reason: str) -> None:
        """See `Server.disconnect`."""
        self.voice.catch_up()
        self._connection(client_id).end(reason, final=True)

    def send(
        self,
        client_id: int,
        data: Mapping[str, Any],
        message_type: MessageType,
    ) -> None:
        """See `Server.send`."""
        self.voice.send(self._connection(client_id), data, message_type)

    def flush(
        self, low: int | None, timeout: float | None
    ) -> Coroutine[None, None, None] | None:
        """Send now; what to await then, see `Server.flush`, or None."""
        voice = self.voice
        if voice.is_behind:
            voice.catch_up()
        voice.flush_now()
        return self.lag.wait(low, timeout)

    def _connection(self, client_id: int) -> ServerConnection:
        connection = self.registry.get(client_id).connection
        assert isinstance(connection, ServerConnection)
        return connection

    # --------------------------------------------- what connections tell

    def opened(self, connection: Guest) -> None:
        """A peer is there."""
        self.connections.add(connection)
        self._empty.clear()

    def closed(self, connection: Guest) -> None:
        """A peer's transport is gone."""
        self.connections.discard(connection)

    def joined(self, connection: Guest) -> None:
        connection.door.joined(connection)
        self.stats.connections += 1
        member = connection.member
        assert member is not None
        if not log.isEnabledFor(logging.INFO):
            return  # nobody reads what a peer is called
        log.info(
            "%s: client %s joined at door %s (%s), %d connected",
            self.event,
            member.id if member.id is not None else f"({connection.role})",
            member.door,
            clean(connection.peer),
            len(self.registry),
        )

    def refused(
        self, door: Entrance, peer: Peer, error: PlugwireError
    ) -> None:
        self.stats.refused += 1
        self.limiter.say(
            logging.INFO,
            "refused",
            "%s: refused %s at door %s: %s",
            self.event,
            clean(peer),
            door.pipeline.door,
            clean(error),
        )

    def wrong_bytes(
        self, door: Entrance, peer: Peer, error: PlugwireError
    ) -> None:
        self.limiter.say(
            logging.ERROR,
            "wrong bytes",
            "%s: %s at door %s sent what is no message: %s",
            self.event,
            clean(peer),
            door.pipeline.door,
            clean(error),
        )

    def lagging(self, connection: Guest) -> None:
        self.lag.add(connection)

    def moved(self, connection: Guest) -> None:
        self.lag.moved(connection)

    def caught_up(self, connection: Guest) -> None:
        self.lag.remove(connection)

    def gone(self, connection: Guest) -> None:
        """The transport is gone: the handler ends, then `on_disconnect`."""
        if connection.was_member and log.isEnabledFor(logging.INFO):
            member = connection.member
            assert member is not None
            log.info(
                "%s: client %s left (%s: %s), %d connected",
                self.event,
                member.id,
                clean(connection.peer),
                clean(connection.reason),
                len(self.registry),
            )
        if connection.has_followers(self.handlers.on_disconnect):
            self.spawn(self._part(connection))
        if not self.connections:
            self._empty.set()

    async def _part(self, connection: Guest) -> None:
        size = connection.waiting_bytes
        self._parting += 1
        self._parting_bytes += size
        try:
            await connection.stop_worker(
                finish=self.handlers.finish
                and self._parting <= PARTING_CLIENTS
                and self._parting_bytes <= PARTING_BYTES
            )
        finally:
            self._parting -= 1
            self._parting_bytes -= size
        handler = self.handlers.on_disconnect
        if connection.was_member and handler is not None:
            assert connection.member is not None
            try:
                await call(
                    handler, connection.member.info(), connection.reason
                )
            except Exception as error:
                note("on_disconnect", error, self.limiter)

    def counted(self) -> Stats:
        """A copy of the counters, with what the lanes have counted; from
        any thread."""
        stats = replace(self.stats)
        for lane in self.voice.lanes:
            stats.sent += lane.sent
            stats.lost += lane.lost
        return stats

    # ------------------------------------------------ the command's words

    def describe_clients(self) -> dict[str, Any]:
        """The answer to `plugwire clients`."""
        shown: list[dict[str, Any]] = []
        for member in self.registry:
            if len(shown) == SHOWN_CLIENTS:
                break
            info = member.info()
            shown.append(
                {
                    "id": info.id,
                    "peer": clean(info.peer),
                    "door": info.door,
                    "session": info.session,
                    "connected_since": info.connected_since,
                    "queued": info.queued,
                    "sent": info.sent,
                    "received": info.received,
                    "dropped": info.dropped,
                }
            )
        return {"clients": shown, "total": len(self.registry)}

    def describe(self) -> dict[str, Any]:
        """The answer to `plugwire ping`."""
        stats = self.counted()
        return {
            "event": self.event,
            "incarnation": self.name,
            "clients": len(self.registry),
            "kept": len(self.voice.queue),
            "seq": self.voice.seq,
            "doors": {door.pipeline.door: door.address for door in self.doors},
            **{name: getattr(stats, name) for name in Stats.__struct_fields__},
        }
