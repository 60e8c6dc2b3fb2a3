"""What is set on every connected socket, and why."""

from __future__ import annotations

import contextlib
import socket

KEEPALIVE_IDLE = 20
"""Seconds of silence before the kernel asks whether the peer is there."""
KEEPALIVE_INTERVAL = 5
"""Seconds between two such questions."""
KEEPALIVE_COUNT = 4
"""Questions without an answer before the peer counts as gone: with the
above a machine that vanished is noticed within 40 s."""
USER_TIMEOUT = 40_000
"""Milliseconds for which sent bytes may go unacknowledged, or a full
receive window stay shut. As long as keep-alive takes, so that a peer that
vanishes while bytes are under way is noticed as soon as a silent one; the
kernel's own limit is some 15 minutes (tcp_retries2)."""

_OPTIONS = (
    ("TCP_NODELAY", 1),  # a tick is one write already: nothing to wait for
    ("TCP_KEEPIDLE", KEEPALIVE_IDLE),
    ("TCP_KEEPALIVE", KEEPALIVE_IDLE),  # the same on macOS
    ("TCP_KEEPINTVL", KEEPALIVE_INTERVAL),
    ("TCP_KEEPCNT", KEEPALIVE_COUNT),
    ("TCP_USER_TIMEOUT", USER_TIMEOUT),
)


def tune(sock: socket.socket) -> None:
    """Send at once, and notice a peer that has vanished.

    Options that this system lacks are left out. Raises OSError when the
    peer has gone.
    """
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _OPTIONS:
        with contextlib.suppress(AttributeError):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
