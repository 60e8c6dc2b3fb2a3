"""One attempt to connect: sockets tried in turn, or a stream connector."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from functools import partial
from typing import cast

from plugwire.aio.link import Link
from plugwire.errors import ConnectionFailed
from plugwire.interfaces import (
    Connector,
    Peer,
    SocketConnector,
    Target,
)

_UNIX = getattr(socket, "AF_UNIX", None)


async def dial(
    connector: Connector, make: Callable[[Peer], Link], told: str | None
) -> Link:
    """A connected link, its handshake still to come.

    Raises `ConnectionFailed` with the address and the mend. Cancelling it
    leaves nothing open.
    """
    if not hasattr(connector, "targets"):
        _, protocol = await connector.connect(make, told)
        return cast(Link, protocol)
    sockets = cast(SocketConnector, connector)
    loop = asyncio.get_running_loop()
    if sockets.looks_up:
        targets = await loop.run_in_executor(None, sockets.targets, told)
    else:
        targets = sockets.targets(told)
    failure: OSError | None = None
    for target in targets:
        try:
            return await _try(sockets, target, make)
        except OSError as error:
            failure = failure or error
    assert failure is not None, "targets() gave none and did not raise"
    tried = ", ".join(target.text for target in targets)
    raise ConnectionFailed(
        f"cannot connect to {tried}: {_words(failure)}; "
        f"{sockets.mend(failure)}",
        address=connector.address,
    ) from failure


def _words(error: OSError) -> str:
    """The system's word for `error`; asyncio puts its own in its place."""
    return os.strerror(error.errno) if error.errno else str(error)


async def _try(
    connector: SocketConnector, target: Target, make: Callable[[Peer], Link]
) -> Link:
    loop = asyncio.get_running_loop()
    sock = socket.socket(target.family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        if target.family == _UNIX:
            # It connects at once or not at all. asyncio would take EAGAIN, a
            # full backlog, for a connection under way.
            sock.connect(target.address)
        else:
            await loop.sock_connect(sock, target.address)
        peer = connector.connected(sock)
        _, link = await loop.create_connection(partial(make, peer), sock=sock)
    except BaseException:
        sock.close()
        raise
    return link
