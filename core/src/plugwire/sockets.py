"""What the author of a socket transport builds on: connecting, tuning.

`SocketListener`, `SocketConnector` and `Target` are the contracts (from
`plugwire.interfaces`, named here too); the functions are what both of
plugwire's faces and several transports need.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Sequence

from plugwire.interfaces import Peer, SocketConnector, SocketListener, Target

__all__ = [
    "Peer",
    "SMALL_BUFFER",
    "SocketConnector",
    "SocketListener",
    "Target",
    "is_transient",
    "shrink",
]

SMALL_BUFFER = 4096
"""Bytes asked for as a send buffer where old news must not pile up in the
kernel; Linux doubles it and has a floor of 4.5 KiB."""

WIDE_BUFFER = 1024 * 1024
"""Bytes asked for as a send buffer at most, where frames are large; Linux
doubles it, and takes what `net.core.wmem_max` allows."""
FRAMES_BUFFERED = 4
"""Large frames that a send buffer should take."""

_UNIX = getattr(socket, "AF_UNIX", None)


def shrink(sock: socket.socket) -> None:
    """Ask the kernel for a small send buffer on `sock`."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL_BUFFER)


def widen(sock: socket.socket, size: int) -> None:
    """Ask the kernel for a send buffer on `sock` that some frames of `size`
    bytes fit, up to `WIDE_BUFFER`: each that does not takes a turn of the
    loop at both ends. Of Unix sockets only, for TCP sizes its own."""
    if sock.family != _UNIX:
        return
    size = min(FRAMES_BUFFERED * size, WIDE_BUFFER)
    if sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) < size:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)


def gathering(
    send: Callable[[bytes], int] | None,
) -> Callable[[Sequence[bytes]], int] | None:
    """What sends several pieces as one on the socket whose `send` is given;
    None where there is none, or the system has no such call."""
    found: Callable[[Sequence[bytes]], int] | None
    found = getattr(getattr(send, "__self__", None), "sendmsg", None)
    return found


def is_transient(error: OSError) -> bool:
    """Whether trying again soon may help: nobody listens yet, or the
    backlog is full."""
    return error.errno in _TRANSIENT


_TRANSIENT = frozenset(
    {
        errno.ECONNREFUSED,
        errno.ECONNRESET,
        errno.ECONNABORTED,
        errno.EAGAIN,
        errno.EINTR,
        errno.ENOENT,
        errno.EPIPE,
        errno.ETIMEDOUT,
        errno.ENETUNREACH,
        errno.EHOSTUNREACH,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOBUFS,
    }
)
