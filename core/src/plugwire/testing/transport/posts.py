"""A listener that is open, driven as the core drives it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

from plugwire.aio.accept import Acceptor
from plugwire.interfaces import Listener, Peer, SocketListener
from plugwire.testing.transport import ends
from plugwire.testing.transport.ends import End, hang_up

BACKLOG = 128
"""Connections that may wait to be accepted: more than any check makes at a
time."""


class Post:
    """A listener, and the connections that it makes once it is `open`."""

    def __init__(self, listener: Listener, *, small: bool = False) -> None:
        self.listener = listener
        self.small = small
        self.ends: list[End] = []
        self.failures: list[BaseException] = []
        self.sockets: Sequence[Any] = ()
        self._come: asyncio.Queue[End] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._making: set[asyncio.Task[None]] = set()

    async def open(self, backlog: int = BACKLOG) -> None:
        """Listen, and accept from now on."""
        if not hasattr(self.listener, "open"):
            await self.listener.start(self._end, small=self.small)
            return
        listener = cast("SocketListener", self.listener)
        self.sockets = listener.open(backlog)
        loop = asyncio.get_running_loop()
        for sock in self.sockets:
            self._tasks.append(loop.create_task(self._accept(listener, sock)))

    async def close(self) -> None:
        """Accept no more; connections live on."""
        for task in self._tasks:
            task.cancel()
        # What was accepted becomes a connection: that is not cancelled.
        if tasks := [*self._tasks, *self._making]:
            await asyncio.wait(tasks)
        self._tasks.clear()
        if hasattr(self.listener, "open"):
            cast("SocketListener", self.listener).close()
        else:
            await self.listener.stop()

    async def next(self) -> End:
        """The next connection, made."""
        try:
            async with asyncio.timeout(ends.PATIENCE):
                return await self._come.get()
        except TimeoutError:
            raise AssertionError(
                f"waited {ends.PATIENCE:g} s for a connection at "
                f"{self.listener.address}; failed in accepting: "
                f"{self.failures or 'none'}"
            ) from None

    def _end(self, peer: Peer) -> End:
        return _Arriving(peer, self)

    def came(self, end: End) -> None:
        """`end` has its transport."""
        self.ends.append(end)
        self._come.put_nowait(end)

    async def _accept(self, listener: SocketListener, listening: Any) -> None:
        acceptor = Acceptor(listening)
        loop = asyncio.get_running_loop()
        try:
            while True:
                sock = await acceptor.next()
                task = loop.create_task(self._make(listener, sock))
                self._making.add(task)
                task.add_done_callback(self._making.discard)
        finally:
            acceptor.rest()

    async def _make(self, listener: SocketListener, sock: Any) -> None:
        try:
            end = self._end(listener.accepted(sock, small=self.small))
            loop = asyncio.get_running_loop()
            await loop.connect_accepted_socket(lambda: end, sock)
        except Exception as error:
            sock.close()
            self.failures.append(error)


class _Arriving(End):
    """An end of the listening side: it tells its post."""

    def __init__(self, peer: Peer, post: Post) -> None:
        super().__init__(peer)
        self._post = post

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._post.came(self)


@contextlib.asynccontextmanager
async def posted(
    listener: Listener, *, backlog: int = BACKLOG, small: bool = False
) -> AsyncIterator[Post]:
    """A listener that is open, for `async with`; at the end all that it made
    is cut."""
    post = Post(listener, small=small)
    await post.open(backlog)
    try:
        yield post
    except BaseException:
        await post.close()
        raise
    await post.close()
    await hang_up(*post.ends)
