"""One connection through the proxy: two sockets, and a way in each
direction between them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import struct
import sys
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Literal

from plugwire.testing.flow import Flow, Pulse

_log = logging.getLogger(__name__)

Direction = Literal["up", "down"]

HOLD_BYTES = 64 * 1024
"""Bytes that a way holds at most: as a router's queue, little beside the
kernel's own buffers, so that a slow reader still slows its writer."""

TICKS = 20
"""Pieces a second into which a throttled way cuts what it writes, so that a
reader sees a thin stream and not a burst each second."""


class Way:
    """What comes out of `source` goes into `sink`, as `flow` allows."""

    def __init__(
        self,
        source: socket.socket,
        sink: socket.socket,
        flow: Flow,
        pulse: Pulse,
    ) -> None:
        self._source = source
        self._sink = sink
        self._flow = flow
        self._pulse = pulse
        self._loop = asyncio.get_running_loop()
        self._held: deque[tuple[float, bytes]] = deque()
        self._size = 0
        self._sent = 0
        self._cut = asyncio.Event()
        self._sending: asyncio.Timeout | None = None
        self._more = asyncio.Event()
        self._room = asyncio.Event()

    def cut(self) -> None:
        """End the stream at the sink now; what comes later is dropped."""
        if self._cut.is_set():
            return
        self._cut.set()
        if self._sending is not None:
            # Who waits for room in a full Unix socket is not told that it
            # was shut down.
            self._sending.reschedule(self._loop.time())
        # The other side may have left already: then it needs no telling.
        with contextlib.suppress(OSError):
            self._sink.shutdown(socket.SHUT_WR)

    async def fill(self) -> None:
        """Read until the end of the stream, as far as there is room."""
        while True:
            while self._size >= HOLD_BYTES:
                self._room.clear()
                await self._room.wait()
            data = await self._loop.sock_recv(
                self._source, HOLD_BYTES - self._size
            )
            self._held.append((self._loop.time(), data))
            self._size += len(data)
            self._more.set()
            if not data:
                return

    async def drain(self) -> None:
        """Write until the end of the stream, and then that."""
        while True:
            while not self._held:
                self._more.clear()
                await self._more.wait()
            read_at, data = self._held[0]
            await self._arrival(read_at)
            await self._lifted()
            if not data:
                self.cut()
                return
            await self._pass_on(data)
            self._held.popleft()
            self._size -= len(data)
            self._room.set()

    async def _arrival(self, read_at: float) -> None:
        while not self._cut.is_set():
            left = read_at + self._flow.delay - self._loop.time()
            if left <= 0:
                return
            await self._pulse.wait(left)

    async def _lifted(self) -> None:
        while self._flow.blackhole and not self._cut.is_set():
            await self._pulse.wait(None)

    async def _pass_on(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            await self._lifted()
            if self._cut.is_set():
                return
            self._check_reset()
            piece = rest[: self._fitting()]
            started = self._loop.time()
            try:
                async with asyncio.timeout(None) as self._sending:
                    await self._loop.sock_sendall(self._sink, piece)
            except OSError:
                if self._cut.is_set():
                    return
                raise
            finally:
                self._sending = None
            self._sent += len(piece)
            self._flow.bytes += len(piece)
            rest = rest[len(piece) :]
            self._check_reset()
            await self._pace(started, len(piece))

    def _check_reset(self) -> None:
        most = self._flow.reset_after
        if most is not None and self._sent >= most:
            raise ConnectionResetError(f"after {self._sent} bytes")

    def _fitting(self) -> int:
        """How many bytes may be written at once."""
        flow = self._flow
        fits = HOLD_BYTES
        if flow.split is not None:
            fits = min(fits, flow.split)
        if flow.throttle is not None:
            fits = min(fits, max(1, int(flow.throttle / TICKS)))
        if flow.reset_after is not None:
            fits = min(fits, flow.reset_after - self._sent)
        return fits

    async def _pace(self, started: float, size: int) -> None:
        """Wait until `size` bytes would have gone, and let others run."""
        await asyncio.sleep(0)
        while (rate := self._flow.throttle) is not None:
            left = started + size / rate - self._loop.time()
            if left <= 0 or self._cut.is_set():
                return
            await self._pulse.wait(left)


class Relay:
    """One connection: `near` is the client's socket, `dial` connects to the
    target."""

    def __init__(
        self,
        near: socket.socket,
        dial: Callable[[], Awaitable[socket.socket]],
        up: Flow,
        down: Flow,
        pulse: Pulse,
    ) -> None:
        self._near = near
        self._dial = dial
        self._flows = (up, down)
        self._pulse = pulse
        self._ways: dict[Direction, Way] = {}

    async def run(self) -> None:
        """Carry bytes until both ways have ended. When either side breaks
        off, or this is cancelled, both are reset."""
        sockets = [self._near]
        hard = True
        up, down = self._flows
        try:
            while up.blackhole:
                await self._pulse.wait(None)
            near, far = self._near, await self._dial()
            sockets.append(far)
            self._ways = {
                "up": Way(near, far, up, self._pulse),
                "down": Way(far, near, down, self._pulse),
            }
            async with asyncio.TaskGroup() as group:
                for way in self._ways.values():
                    group.create_task(way.fill())
                    group.create_task(way.drain())
            hard = False
        except* OSError as errors:
            _log.debug("broken off: %s", errors.exceptions[0])
        finally:
            for sock in sockets:
                if hard:
                    harden(sock)
                sock.close()

    def abort(self) -> None:
        """Reset the client of a relay that does not run."""
        harden(self._near)
        self._near.close()

    def cut(self, direction: Direction) -> None:
        """Half-close, if the target has been reached."""
        if direction in self._ways:
            self._ways[direction].cut()


def harden(sock: socket.socket) -> None:
    """Make closing `sock` a reset (TCP): nothing is sent any more. A Unix
    socket knows no such thing and just ends."""
    kind = "hh" if sys.platform == "win32" else "ii"
    linger = struct.pack(kind, 1, 0)
    with contextlib.suppress(OSError):  # it may be broken already
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
