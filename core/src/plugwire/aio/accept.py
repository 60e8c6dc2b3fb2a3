"""Accept connections, and lose none when that is cancelled.

`loop.sock_accept` of a selector loop does: what it accepted in the turn in
which it is cancelled is handed to nobody, and stays open until it is
collected. It also has the loop watch the socket anew for each connection,
which takes longer than to accept it.
"""

from __future__ import annotations

import asyncio
import socket


class Acceptor:
    """Accepts the connections of `listening`, a socket that does not block,
    for one task.

    Once it has waited, the loop watches the socket until `rest`: whoever
    does not ask for the next one at once has it rest meanwhile, or the loop
    would spin while somebody knocks.
    """

    __slots__ = ("_listening", "_loop", "_waiting", "_watched")

    def __init__(self, listening: socket.socket) -> None:
        self._listening = listening
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Future[None] | None = None
        self._watched: int | None = None

    async def next(self) -> socket.socket:
        """The next connection, which does not block either. Raises `OSError`
        as `accept(2)` does."""
        while True:
            try:
                sock, _ = self._listening.accept()
            except BlockingIOError:
                pass
            else:
                sock.setblocking(False)
                return sock
            self._waiting = self._loop.create_future()
            try:
                self._watch()
            except NotImplementedError:
                # Windows, whose loop closes what comes too late.
                return (await self._loop.sock_accept(self._listening))[0]
            await self._waiting

    def rest(self) -> None:
        """Have the loop watch no more, until `next` waits again."""
        if self._watched is not None:
            self._loop.remove_reader(self._watched)
            self._watched = None

    def _watch(self) -> None:
        if self._watched is None:
            # By number: asyncio makes a text of what it does not know yet,
            # and a socket's asks the system for both addresses.
            number = self._listening.fileno()
            self._loop.add_reader(number, self._readable)
            self._watched = number

    def _readable(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


async def accept(listening: socket.socket) -> socket.socket:
    """The next connection of `listening`, as `Acceptor.next` gives it."""
    acceptor = Acceptor(listening)
    try:
        return await acceptor.next()
    finally:
        acceptor.rest()
