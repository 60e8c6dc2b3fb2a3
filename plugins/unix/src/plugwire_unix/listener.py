"""The listening side."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from collections.abc import Sequence
from pathlib import Path

from plugwire import AlreadyRunning
from plugwire.interfaces import Peer
from plugwire.rundir import ensure_private, folder_lock
from plugwire.sockets import shrink
from plugwire_unix import socketfile
from plugwire_unix.peer import peer
from plugwire_unix.settings import UnixSettings


class UnixListener:
    """A socket at one path; `address` is the path."""

    shared = True

    def __init__(self, path: Path, settings: UnixSettings) -> None:
        self.address = str(path)
        self._path = path
        self._settings = settings
        self._bound: tuple[socket.socket, socketfile.Identity, int] | None
        self._bound = None

    def open(self, backlog: int) -> Sequence[socket.socket]:
        """Bind and listen; the folder is made when it is missing.

        Safe without the server's lock, too: probing, removing and binding
        happen while the folder itself is locked. Raises `AlreadyRunning`,
        `ConnectionFailed` or `Denied`.
        """
        folder = self._path.parent
        ensure_private(folder)
        with folder_lock(folder):
            socketfile.make_way(self._path)
            sock = self._listen(backlog)
        return (sock,)

    def _listen(self, backlog: int) -> socket.socket:
        mode = self._settings.mode
        try:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        except OSError as error:  # no descriptor is left, say
            raise socketfile.refused("bind", self._path, error) from error
        own: socketfile.Identity | None = None
        try:
            sock.setblocking(False)
            # On Linux the file is born with the mode of the unbound socket,
            # cut by the umask: never wider than asked for, not for a moment.
            # Where that cannot be said, the folder is the wall.
            with contextlib.suppress(OSError):
                os.fchmod(sock.fileno(), mode & 0o600)
            sock.bind(self.address)
            own = socketfile.identity(self._path)
            socketfile.give_mode(self._path, own, mode)
            sock.listen(backlog)
        except OSError as error:
            sock.close()
            if own is not None:
                socketfile.remove(self._path, own)
            if error.errno == errno.EADDRINUSE:
                raise AlreadyRunning(
                    f"another process bound {self._path} at this moment;"
                    " stop it, or use another event name",
                    owner="another process",
                ) from error
            raise socketfile.refused("bind", self._path, error) from error
        self._bound = sock, own, os.getpid()
        return sock

    def accepted(self, sock: socket.socket, *, small: bool) -> Peer:
        """Say who connected, in the kernel's word."""
        if small:
            shrink(sock)
        return peer(sock, self.address)

    def close(self) -> None:
        """Remove the file while it is certainly ours, then close. In a
        forked child the file is the parent's and stays."""
        bound, self._bound = self._bound, None
        if bound is None:
            return
        sock, own, pid = bound
        if self._settings.auto_remove_socket and pid == os.getpid():
            socketfile.remove(self._path, own)
        sock.close()
