"""Accept a connection, and lose none when that is cancelled.

`loop.sock_accept` of a selector loop does: what it accepted in the turn in
which it is cancelled is handed to nobody, and stays open until it is
collected.
"""

from __future__ import annotations

import asyncio
import socket


async def accept(listening: socket.socket) -> socket.socket:
    """The next connection of `listening`, a socket that does not block;
    neither does the one returned. Raises `OSError` as `accept(2)` does."""
    loop = asyncio.get_running_loop()
    while True:
        try:
            sock, _ = listening.accept()
        except BlockingIOError:
            pass
        else:
            sock.setblocking(False)
            return sock
        waiting = loop.create_future()
        try:
            loop.add_reader(listening, _readable, waiting)
        except NotImplementedError:  # Windows: its loop closes what is late
            return (await loop.sock_accept(listening))[0]
        try:
            await waiting
        finally:
            loop.remove_reader(listening)


def _readable(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)
