"""Who comes in: the backlog, and the peer in the transport's word."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import Sequence
from typing import cast

from plugwire.errors import ConnectionFailed
from plugwire.interfaces import SocketConnector, SocketListener
from plugwire.testing.transport import sight
from plugwire.testing.transport.base import Rig, TransportBase
from plugwire.testing.transport.ends import call, check_peer

CROWD = 64
"""Connections that nobody has accepted yet: fewer than any system's limit
(128, of old), more than any usual default but that."""
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER that has a TCP connection reset when it is closed."""


class Accepting(TransportBase):
    """Sockets as they come out of the backlog, and peers."""

    def test_the_backlog_is_as_long_as_asked(self, rig: Rig) -> None:
        """A hundred clients come at once after a restart; none is lost."""
        self.need("sockets")

        async def check() -> None:
            listener = cast("SocketListener", rig.listener())
            listener.open(CROWD)
            ends = []
            try:
                for number in range(CROWD):
                    try:
                        ends.append(
                            await call(rig.connector(), listener.address)
                        )
                    except ConnectionFailed as error:
                        raise AssertionError(
                            f"expected {CROWD} to wait, as open() was asked, "
                            f"found number {number + 1} turned away: {error}"
                        ) from error
            finally:
                for end in ends:
                    end.transport.abort()
                listener.close()
            for end in ends:
                await end.gone()

        self.run(check())

    def test_a_peer_that_came_and_went_is_a_peer_or_an_oserror(
        self, rig: Rig
    ) -> None:
        """It happens each day, and must cost that connection alone."""
        self.need("sockets")

        async def check() -> None:
            listener = cast("SocketListener", rig.listener())
            sockets = listener.open(8)
            try:
                told = listener.address
                connector = cast("SocketConnector", rig.connector())
                for target in connector.targets(told):
                    with socket.socket(target.family) as sock:
                        sock.connect(target.address)
                        sock.setsockopt(
                            socket.SOL_SOCKET, socket.SO_LINGER, RESET
                        )
                    break
                with await _accepted(sockets) as sock:
                    _look(listener, sock)
            finally:
                listener.close()

        self.run(check())

    def test_a_peer_that_is_gone_is_an_oserror(self, rig: Rig) -> None:
        """What the system says of a dead socket is not hidden, and is not
        dressed as another error."""
        self.need("sockets")

        async def check() -> None:
            listener = cast("SocketListener", rig.listener())
            family = listener.open(8)[0].family
            try:
                sock = socket.socket(family)
                sock.close()  # the deadest that there is
                try:
                    found = listener.accepted(sock, small=True)
                except OSError:
                    return
                raise AssertionError(f"expected OSError, found {found}")
            finally:
                listener.close()

        self.run(check())

    def test_peers_that_are_gone_leave_nothing_open(self, rig: Rig) -> None:
        """Anybody may connect and go, a thousand times a second."""
        self.need("sockets")
        self.see_descriptors()

        async def check() -> None:
            listener = cast("SocketListener", rig.listener())
            family = listener.open(8)[0].family
            sock = socket.socket(family)
            sock.close()
            try:
                _look(listener, sock)  # imports are done now
                before = sight.descriptors()
                _look(listener, sock)
                left = sight.opened(before)
                assert not left, f"expected none left open, found {left}"
            finally:
                listener.close()

        self.run(check())

    def test_sockets_are_no_other_programs(self, rig: Rig) -> None:
        """What the host program starts must not hold a client's connection,
        nor the address, when this process has ended."""
        self.need("sockets")

        async def check() -> None:
            listener = cast("SocketListener", rig.listener())
            try:
                _kept("a listening socket", *listener.open(8))
            finally:
                listener.close()
            async with rig.connected() as ends:
                for end in ends:
                    sock = end.transport.get_extra_info("socket")
                    _kept("a connection's socket", sock)

        self.run(check())

    def test_accepting_leaves_the_socket_open(self, rig: Rig) -> None:
        """The core drives it from there on."""
        self.need("sockets")

        async def check() -> None:
            async with rig.connected() as (_, far):
                sock = far.transport.get_extra_info("socket")
                assert sock.fileno() >= 0, "expected it open, found it closed"
                assert not sight.listens(sock._sock), (
                    "expected the accepted socket, found the listening one"
                )

        self.run(check())

    def test_small_asks_for_a_small_send_buffer(self, rig: Rig) -> None:
        """`keep_latest` must not have old news pile up in the kernel."""

        async def held(small: bool) -> int:
            async with rig.connected(small=small) as (near, far):
                sock = far.transport.get_extra_info("socket")
                if sock is not None:  # the kernel says it
                    size: int = sock.getsockopt(
                        socket.SOL_SOCKET, socket.SO_SNDBUF
                    )
                    return size
                near.transport.pause_reading()
                piece, sent = bytes(1024), 0
                while not far.transport.get_write_buffer_size():
                    far.transport.write(piece)
                    sent += len(piece)
                    await asyncio.sleep(0)
                return sent

        usual, small = self.run(held(False)), self.run(held(True))
        assert small < usual, (
            "expected fewer bytes to be on their way to a client that does "
            f"not read where `small` asks for it, found {small} against "
            f"{usual} without"
        )


async def _accepted(sockets: Sequence[socket.socket]) -> socket.socket:
    while True:
        for listening in sockets:
            with contextlib.suppress(BlockingIOError):
                return listening.accept()[0]
        await asyncio.sleep(0.001)


def _kept(what: str, *sockets: socket.socket) -> None:
    for sock in sockets:
        assert not os.get_inheritable(sock.fileno()), (
            f"{what} goes into each program that this one starts: expected "
            f"none that can be inherited, found {sock}"
        )


def _look(listener: SocketListener, sock: socket.socket) -> None:
    try:
        check_peer(listener.accepted(sock, small=False))
    except OSError:
        return
    except Exception as error:
        raise AssertionError(
            "expected a Peer or OSError for a peer that has gone, found "
            f"{type(error).__name__}: {error}"
        ) from error
