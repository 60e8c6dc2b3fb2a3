"""The connecting side."""

from __future__ import annotations

import errno
import socket
from collections.abc import Sequence

from plugwire import ConnectionFailed
from plugwire.interfaces import Peer, Target
from plugwire_tcp.addresses import (
    is_here,
    is_literal,
    parse,
    reachable,
    resolve,
    text,
)
from plugwire_tcp.settings import TcpSettings
from plugwire_tcp.tuning import tune


class TcpConnector:
    """Connects to `tcp.port`, else to what the server of this machine told.

    `address` is what was tried last.
    """

    def __init__(self, settings: TcpSettings) -> None:
        self._host = reachable(settings.host)
        self._port = settings.port
        self.looks_up = not is_literal(self._host)
        self.address = (
            text((self._host, self._port)) if self._port else self._host
        )

    def targets(self, told: str | None) -> Sequence[Target]:
        """Every address of the host, in order; names are looked up.

        Raises `ConnectionFailed` when the port is not known.
        """
        host, port = self._host, self._port
        if not port:
            host, port = self._told(told)
        self.address = text((host, port))
        return [
            Target(family, place, text(place))
            for family, place in resolve(host, port)
        ]

    def _told(self, told: str | None) -> tuple[str, int]:
        if not is_here(self._host):
            raise ConnectionFailed(
                f"{self._host} is another machine, which cannot tell its"
                " port; give tcp.port",
                address=self._host,
            )
        if told is None:
            raise ConnectionFailed(
                "no server of this machine tells its port; start the server,"
                " or give tcp.port",
                address=self._host,
            )
        try:
            host, port = parse(told)
        except ValueError as error:
            raise ConnectionFailed(
                f"the server told {told!r}, which is no host:port; give"
                " tcp.port",
                address=self._host,
            ) from error
        return reachable(host), port

    def connected(self, sock: socket.socket) -> Peer:
        """Tune the socket and say where the server is.

        Raises OSError when nobody listened: a port of the range that the
        kernel draws from for clients may be connected to itself.
        """
        here, there = sock.getsockname(), sock.getpeername()
        if here == there:
            raise ConnectionRefusedError(
                errno.ECONNREFUSED, "the socket was connected to itself"
            )
        tune(sock)
        return Peer(transport="tcp", address=text(there))

    def mend(self, error: OSError) -> str:
        """What to do about `error`."""
        match error.errno:
            case errno.ECONNREFUSED | errno.ECONNRESET:
                return f"start the server, it is expected at {self.address}"
            case errno.ETIMEDOUT | errno.EHOSTUNREACH | errno.ENETUNREACH:
                return (
                    f"check tcp.host and tcp.port, and the network and"
                    f" firewall on the way to {self.address}"
                )
            case errno.EADDRNOTAVAIL:
                return (
                    f"check that this machine can reach {self.address} and"
                    " has local ports left"
                )
            case errno.EMFILE | errno.ENFILE:
                return "too many files are open: raise the limit (ulimit -n)"
            case _:
                return f"check that a server listens at {self.address}"
