"""What the author of a socket transport builds on: connecting, tuning.

`SocketListener`, `SocketConnector` and `Target` are the contracts (from
`plugwire.interfaces`, named here too); the functions are what both of
plugwire's faces and several transports need.
"""

from __future__ import annotations

import errno
import socket

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


def shrink(sock: socket.socket) -> None:
    """Ask the kernel for a small send buffer on `sock`."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL_BUFFER)


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
