"""The connecting side."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Sequence
from pathlib import Path

from plugwire.interfaces import Peer, Target
from plugwire_unix.peer import peer


class UnixConnector:
    """Connects to the path in the doors file, else to the computed one."""

    looks_up = False

    def __init__(self, path: Path) -> None:
        self._computed = str(path)
        self.address = self._computed

    def targets(self, told: str | None) -> Sequence[Target]:
        """The one path."""
        self.address = told or self._computed
        return (Target(socket.AF_UNIX, self.address, self.address),)

    def connected(self, sock: socket.socket) -> Peer:
        """Who listens there, in the kernel's word."""
        return peer(sock, self.address)

    def mend(self, error: OSError) -> str:
        """What to do about `error`."""
        match error.errno:
            case errno.ENOENT | errno.ECONNREFUSED:
                return f"start the server, it is expected at {self.address}"
            case errno.EACCES | errno.EPERM:
                return (
                    f"uid {os.geteuid()} may not use {self.address}: run as"
                    " the server's user, or widen the server's"
                    " socket_permissions and the mode of its folder"
                )
            case errno.EAGAIN:
                return "the server is busy: try again, or raise its backlog"
            case errno.EMFILE | errno.ENFILE:
                return "too many files are open: raise the limit (ulimit -n)"
            case _:
                return f"check that a server listens at {self.address}"
