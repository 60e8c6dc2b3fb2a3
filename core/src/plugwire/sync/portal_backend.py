"""A blocking client's backend where the transport is no socket: the asyncio
client, in a loop's thread that all such clients share."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterator, Mapping
from typing import Any, TypeVar

from plugwire import forks
from plugwire.aio.client import Client
from plugwire.errors import ConnectionClosed
from plugwire.logs import log
from plugwire.message import Message, MessageType
from plugwire.protocol import ServerFacts
from plugwire.sync.backend import Callbacks, nothing
from plugwire.sync.pool import Pool
from plugwire.sync.portal import PortalEnded, runs_loop
from plugwire.sync.shared_portal import SharedPortal

BATCH = 64
"""Messages that one hop into the loop brings at most: the hop costs 50 µs
and more, taking a message a few. They count as `buffered`, and the client's
`buffer_size` may be passed by so many."""

T = TypeVar("T")
_shared = SharedPortal("plugwire-clients")


class _Stay:
    """What a connected client uses: the loop, and a thread for callbacks."""

    def __init__(self, event: str) -> None:
        self.connecting = 0
        self.is_connected = False
        self._lease = _shared.borrow()
        self.portal = self._lease.portal
        self.pool = Pool(f"plugwire-{event}-callback", 1)

    def end(self, patience: float) -> int:
        """Let callbacks that wait be heard, then give the loop back; how
        many callbacks are not over after `patience` seconds."""
        self.pool.end()
        left = self.pool.join(patience)
        self._lease.end()
        return left


class PortalBackend:
    """A `Backend` over `client`, which nobody else uses; see `Client`.

    From `connect` to `disconnect` it uses the shared loop and, once there
    was something to tell, a thread of its own for callbacks. They are called
    one at a time, in order, and may call any method.
    """

    def __init__(self, client: Client, tell: Callbacks) -> None:
        self._client = client
        self._seconds = client._settings.default_timeout
        self._drain = client._settings.drain_timeout
        self._tell = tell
        self._lock = threading.Lock()
        self._stay: _Stay | None = None
        self._parents: _Stay | None = None
        self._box: deque[Message] = deque()
        self._receiving = 0
        client.on_reconnect(self._reconnected)
        client.on_gap(self._gap)
        client.on_disconnect(self._disconnected)
        forks.watch(self)

    # --------------------------------------------------------- life cycle

    def connect(self) -> None:
        """See `Client.connect`."""
        with self._lock:
            stay = self._stay
            if stay is None:
                stay = self._stay = _Stay(self._client.event_name)
            stay.connecting += 1
        try:
            stay.portal.run(self._client.connect())
            stay.is_connected = True
        except PortalEnded:
            raise ConnectionClosed(
                "disconnected while it was connecting"
            ) from None
        finally:
            # The last of several threads at it, where none succeeded.
            with self._lock:
                stay.connecting -= 1
                is_idle = not (stay.connecting or stay.is_connected)
            if is_idle:
                self._release(stay)

    def disconnect(self) -> None:
        """See `Client.disconnect`."""
        stay = self._stay
        if stay is None:
            return
        try:
            stay.portal.run(self._leave())
        except PortalEnded:
            pass  # and with it the connection
        finally:
            self._release(stay)

    async def _leave(self) -> None:
        try:
            await self._client.disconnect()
        finally:
            # No loop is needed any more to receive what came.
            await self._unload(self._client.buffered)

    def _release(self, stay: _Stay) -> None:
        with self._lock:
            if self._stay is stay:
                self._stay = None
        if stay.end(self._drain):
            log.error(
                "%s: a callback runs on in its thread, though the client has "
                "disconnected",
                self._client.event_name,
            )

    def after_fork(self) -> None:
        """In a forked child: the connection is the parent's, and the loop,
        which is held so that nothing closes it here."""
        self._lock = threading.Lock()
        self._parents, self._stay = self._stay, None
        self._box.clear()

    # ------------------------------------------------------------ looking

    @property
    def connected(self) -> bool:
        """See `Client.connected`."""
        return self._look(lambda: self._client.connected)

    @property
    def left(self) -> bool:
        """Whether `disconnect` is why nothing more comes."""
        return self._client._left

    @property
    def client_id(self) -> int | None:
        """See `Client.client_id`."""
        return self._look(lambda: self._client.client_id)

    @property
    def can_send(self) -> bool:
        """See `Client.can_send`."""
        return self._look(lambda: self._client.can_send)

    @property
    def server(self) -> ServerFacts | None:
        """See `Client.server`."""
        return self._client.server

    @property
    def buffered(self) -> int:
        """See `Client.buffered`."""
        return self._look(lambda: len(self._box) + self._client.buffered)

    @property
    def missed(self) -> int | None:
        """See `Client.missed`."""
        return self._client.missed

    # ---------------------------------------------------------- receiving

    def receive(self, *, timeout: float | None = None) -> Message:
        """See `Client.receive`."""
        deadline = None if timeout is None else time.monotonic() + timeout
        left = timeout
        while True:
            # The message leaves the box in the caller's thread: what
            # interrupts the waiting for it does not lose it.
            try:
                return self._box.popleft()
            except IndexError:
                self._do(self._fetch(left))
            if deadline is not None:
                left = max(0.0, deadline - time.monotonic())

    def iterate(self) -> Iterator[Message]:
        """See `Client.__iter__`."""
        while True:
            try:
                message = self.receive()
            except ConnectionClosed:
                if self.left:
                    return
                raise
            yield message

    async def _fetch(self, timeout: float | None) -> None:
        """Put the next message into the box, and more of those that are
        there unless another thread waits for one."""
        if self._box:
            return  # it came while this was on its way
        if not runs_loop():
            timeout = None  # nothing waits, see `_do`, nor can it
        self._receiving += 1
        try:
            self._box.append(await self._client.receive(timeout=timeout))
        finally:
            self._receiving -= 1
        if not self._receiving:
            await self._unload(min(self._client.buffered, BATCH - 1))

    async def _unload(self, count: int) -> None:
        """Put the next `count` messages, which are there, into the box."""
        for _ in range(count):
            self._box.append(await self._client.receive())

    # ------------------------------------------------------------ sending

    def send(self, data: Mapping[str, Any], message_type: MessageType) -> None:
        """See `Client.send`."""
        self._do(self._send(data, message_type))

    async def _send(
        self, data: Mapping[str, Any], message_type: MessageType
    ) -> None:
        await self._return(self._seconds)
        await self._client.send(data, message_type=message_type)

    def request(
        self, data: Mapping[str, Any], *, timeout: float | None = None
    ) -> Message:
        """See `Client.request`."""
        return self._do(self._request(data, timeout))

    async def _request(
        self, data: Mapping[str, Any], timeout: float | None
    ) -> Message:
        if timeout is None:
            timeout = self._seconds
        if not self._client.connected:
            begun = time.monotonic()
            await self._return(timeout)
            timeout = max(0.0, timeout - (time.monotonic() - begun))
        return await self._client.request(data, timeout=timeout)

    def flush(self) -> None:
        """See `Client.flush`."""
        self._do(self._client.flush())

    def attach(self, session: str) -> None:
        """See `Client.attach`."""
        self._do(self._attach(session))

    async def _attach(self, session: str) -> None:
        await self._return(self._seconds)
        await self._client.attach(session)

    def detach(self) -> None:
        """See `Client.detach`."""
        self._do(self._detach())

    async def _detach(self) -> None:
        await self._return(self._seconds)
        await self._client.detach()

    async def _return(self, seconds: float) -> None:
        """While the connection is away, wait for one attempt to make it
        again, for at most `seconds`: the client is at it in the
        background."""
        returning = self._client._returning
        if returning is None or returning.done():
            return
        failed = asyncio.ensure_future(self._client._failed.wait())
        try:
            await asyncio.wait(
                [returning, failed],
                timeout=seconds,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            failed.cancel()

    # ---------------------------------------------------------- callbacks

    def _reconnected(self, _: Client) -> None:
        self._post("on_reconnect", self._tell.on_reconnect)

    def _gap(self, _: Client, missed: int | None) -> None:
        self._post("on_gap", self._tell.on_gap, missed)

    def _disconnected(self, _: Client, reason: str) -> None:
        self._post("on_disconnect", self._tell.on_disconnect, reason)

    def _post(
        self, name: str, callback: Callable[..., object], *arguments: object
    ) -> None:
        stay = self._stay
        if stay is not None and callback is not nothing:
            stay.pool.post(name, callback, *arguments)

    # ----------------------------------------------------------- the loop

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` in the loop; here, where there is none: the client is
        not connected then, and nothing that it does waits."""
        stay = self._stay
        if stay is not None:
            return stay.portal.run(work)
        try:
            work.send(None)
        except StopIteration as done:
            result: T = done.value
            return result
        finally:
            work.close()
        raise ConnectionClosed("the loop's thread of this client has ended")

    def _look(self, function: Callable[[], T]) -> T:
        stay = self._stay
        if stay is None:
            return function()
        try:
            return stay.portal.call(function)
        except PortalEnded:
            return function()
