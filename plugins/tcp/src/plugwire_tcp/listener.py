"""The listening side."""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Sequence

from plugwire import ConnectionFailed, Denied
from plugwire.interfaces import Peer
from plugwire.sockets import shrink
from plugwire_tcp.addresses import Place, resolve, text
from plugwire_tcp.settings import TcpSettings
from plugwire_tcp.tuning import tune

_NOT_HERE = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})


class TcpListener:
    """One listening socket; `address` is `host:port` as bound."""

    shared = True

    def __init__(self, settings: TcpSettings) -> None:
        self._host = settings.host
        self._ports = (
            range(settings.port, settings.port + 1)
            if settings.port
            else range(settings.port_range_start, settings.port_range_end + 1)
        )
        self.address = text((settings.host, settings.port))
        self._sock: socket.socket | None = None

    def open(self, backlog: int) -> Sequence[socket.socket]:
        """Listen on the first free port, on the first address of the host
        that this machine has.

        Raises `ConnectionFailed` when every port is busy, or the host is not
        here, and `Denied` for a port that takes a privilege. A host that is
        a name is looked up, which may block.
        """
        for place in resolve(self._host, 0):
            try:
                self._sock = self._first_free(place, backlog)
            except OSError as error:
                if error.errno not in _NOT_HERE:
                    raise self._refused(error) from error
            else:
                self.address = text(self._sock.getsockname())
                return (self._sock,)
        raise ConnectionFailed(
            f"{self._host} is no address of this machine; check tcp.host",
            address=self.address,
        )

    def _first_free(self, place: Place, backlog: int) -> socket.socket:
        family, (host, _, *rest) = place
        for port in self._ports:
            try:
                return _listening(family, (host, port, *rest), backlog)
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
        raise OSError(errno.EADDRINUSE, "every port is busy")

    def _refused(self, error: OSError) -> Denied | ConnectionFailed:
        ports = f"{self._ports[0]}-{self._ports[-1]}"
        if len(self._ports) == 1:
            ports = str(self._ports[0])
        if error.errno == errno.EADDRINUSE:
            busy = f"port {ports}"
            if len(self._ports) > 1:
                busy = f"every port of {ports}"
            return ConnectionFailed(
                f"{busy} on {self._host} is busy; widen"
                " tcp.port_range_start and tcp.port_range_end, choose another"
                " tcp.port, or stop what listens there",
                address=f"{self._host}:{ports}",
            )
        if isinstance(error, PermissionError):
            return Denied(
                f"not permitted to listen on port {ports} of {self._host}",
                "choose ports from 1024 up",
            )
        return ConnectionFailed(
            f"could not listen on {self._host}, port {ports}:"
            f" {error.strerror or error}; check tcp.host and tcp.port",
            address=f"{self._host}:{ports}",
        )

    def accepted(self, sock: socket.socket, *, small: bool) -> Peer:
        """Tune the socket and say where the peer is."""
        tune(sock)
        if small:
            shrink(sock)
        return Peer(transport="tcp", address=text(sock.getpeername()))

    def close(self) -> None:
        """Close the socket; its port is free at once."""
        sock, self._sock = self._sock, None
        if sock is not None:
            sock.close()


def _listening(
    family: int, place: tuple[object, ...], backlog: int
) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        if sys.platform == "win32":
            # SO_REUSEADDR would let others take a live port there.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            # Restart at once, though old connections are in TIME_WAIT. A
            # port with a live listener stays refused; of two that bound it
            # at the same moment the second fails in listen().
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # "::" means every address, IPv4 too, on every system.
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.bind(place)
        sock.listen(backlog)
    except OSError:
        sock.close()
        raise
    return sock
