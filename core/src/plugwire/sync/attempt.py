"""One attempt to connect, which may go on in a later call."""

from __future__ import annotations

import os
import selectors
import socket
import threading
from collections import deque
from typing import cast

from plugwire.errors import ConnectionClosed, ConnectionFailed, PlugwireError
from plugwire.interfaces import SocketConnector, Target
from plugwire.pipeline import ClientPipeline
from plugwire.standing import Standing
from plugwire.sync.channel import LONGEST, Channel, shut, words
from plugwire.sync.link import Link
from plugwire.sync.turns import left_until
from plugwire.way import Way

_UNIX = getattr(socket, "AF_UNIX", None)
_Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)


class Attempt:
    """Finds the door, tries its addresses in turn, shakes hands.

    A caller's time may be up before the server has answered: `advance` says
    so, and goes on where it was when it is called again, so that many short
    calls get as far as a long one. One thread at a time calls it; `cancel`
    is for any. `until` is the monotonic time at which it is to be given up;
    a failure uses up a try where it is `counted`. `link` is what it has made.
    """

    def __init__(
        self,
        way: Way,
        standing: Standing,
        until: float | None,
        *,
        counted: bool,
    ) -> None:
        self.until = until
        self.counted = counted
        self._way = way
        self._standing = standing
        self._pipeline: ClientPipeline | None = None
        self._targets: deque[Target] = deque()
        self._tried: list[str] = []
        self._failure: OSError | None = None
        self._sock: socket.socket | None = None
        self.link: Link | None = None
        self._is_cancelled = False
        # Closing and cancelling: a number must not be another socket's.
        self._guard = threading.Lock()

    def advance(self, deadline: float | None) -> Link | None:
        """The link that has joined, or None where `deadline` came first.

        Raises `ConnectionFailed` with the address and the mend,
        `ConnectionClosed`, `Refused`, `MessageError`, and what composing
        raises; nothing is open then, and the attempt is over.
        """
        try:
            if self.link is None and not self._connected(deadline):
                return None
            assert self.link is not None
            if not self.link.shake_hands(deadline):
                return None
            self._check()
        except OSError as error:
            self.close()
            self._check()
            raise ConnectionClosed(
                f"the connection broke: {words(error)}"
            ) from error
        except PlugwireError:
            self.close()
            self._check()
            raise
        return self.link

    def cancel(self) -> None:
        """Let `advance` end soon, in whatever thread it is."""
        with self._guard:
            self._is_cancelled = True
            if self._sock is not None:
                shut(self._sock)

    def close(self) -> None:
        """Let go of what is open; nobody may be in `advance`."""
        with self._guard:
            if self._sock is not None:
                self._sock.close()
                self._sock = None

    def _check(self) -> None:
        if self._is_cancelled:
            self.close()
            raise ConnectionClosed("disconnected while it was connecting")

    def _connected(self, deadline: float | None) -> bool:
        if self._pipeline is None:
            self._pipeline, told = self._way.find()
            self._targets.extend(self._connector.targets(told))
        while self.link is None:
            self._check()
            try:
                if self._sock is None:
                    self._begin(self._next_target())
                elif not _is_through(self._sock, deadline):
                    return False
                else:
                    self._establish(self._sock)
            except OSError as error:
                self._failure = self._failure or error
                self.close()
        return True

    @property
    def _connector(self) -> SocketConnector:
        assert self._pipeline is not None
        connector = self._pipeline.connector
        if not hasattr(connector, "targets"):
            raise ConnectionFailed(
                f"transport {self._pipeline.transport!r} is no socket, and "
                "this client went by sockets: make a new one",
                address=connector.address,
            )
        return cast(SocketConnector, connector)

    def _next_target(self) -> Target:
        if self._targets:
            target = self._targets.popleft()
            self._tried.append(target.text)
            return target
        failure = self._failure
        assert failure is not None, "targets() gave none and did not raise"
        raise ConnectionFailed(
            f"cannot connect to {', '.join(self._tried)}: {words(failure)}; "
            f"{self._connector.mend(failure)}",
            address=self._connector.address,
        ) from failure

    def _begin(self, target: Target) -> None:
        """Begin to connect; `_is_through` tells when it has."""
        sock = socket.socket(target.family, socket.SOCK_STREAM)
        self._sock = sock
        sock.setblocking(False)
        try:
            sock.connect(target.address)
        except BlockingIOError:
            if target.family == _UNIX:
                raise  # the backlog is full, and nothing is under way

    def _establish(self, sock: socket.socket) -> None:
        assert self._pipeline is not None
        peer = self._connector.connected(sock)
        self.link = Link(
            Channel(sock),
            self._way.handshake(peer, self._standing),
            self._pipeline.decoder,
            self._way.types,
        )


def _is_through(sock: socket.socket, deadline: float | None) -> bool:
    """Whether `sock` is connected by `deadline`; raises `OSError`."""
    with _Selector() as selector:
        selector.register(sock, selectors.EVENT_WRITE)
        left = left_until(deadline)
        if not selector.select(None if left is None else min(left, LONGEST)):
            return False
    error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if error:
        raise OSError(error, os.strerror(error))
    return True
