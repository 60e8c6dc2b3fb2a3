"""Transports that are careless with sockets that come in."""

from __future__ import annotations

import os

import pytest

from plugwire import ConnectionFailed, hookimpl
from plugwire.interfaces import Peer
from plugwire.testing import TransportSuite
from plugwire_tcp import Tcp
from plugwire_tcp.listener import TcpListener
from plugwire_unix import Unix
from plugwire_unix.listener import UnixListener

SOCKETS = ["sockets"]


def of_unix(listener):
    """The transport `unix` with another listener."""

    class Changed(Unix):
        @hookimpl
        def bind(self, endpoint, socket_dir):
            whole = super().bind(endpoint, socket_dir)
            return listener(whole._path, self.settings)

    return Changed


def test_a_backlog_of_its_own_is_caught(caught) -> None:
    class Short(UnixListener):
        def open(self, backlog):
            return super().open(1)

    by = "test_the_backlog_is_as_long_as_asked"
    said = caught(TransportSuite, of_unix(Short), by=by, capabilities=SOCKETS)
    assert "turned away" in said


def test_a_descriptor_for_each_gone_peer_is_caught(caught) -> None:
    kept = []

    class Leaking(UnixListener):
        def accepted(self, sock, *, small):
            spare = os.dup(0)
            try:
                found = super().accepted(sock, small=small)
            except OSError:
                kept.append(spare)
                raise
            os.close(spare)
            return found

    by = "test_peers_that_are_gone_leave_nothing_open"
    try:
        said = caught(
            TransportSuite, of_unix(Leaking), by=by, capabilities=SOCKETS
        )
    finally:
        for descriptor in kept:
            os.close(descriptor)
    assert "expected none left open" in said


class Lending(UnixListener):
    """Its listening socket goes into every child."""

    def open(self, backlog):
        [sock] = super().open(backlog)
        sock.set_inheritable(True)
        return [sock]


class Giving(UnixListener):
    """Its clients' sockets do."""

    def accepted(self, sock, *, small):
        sock.set_inheritable(True)
        return super().accepted(sock, small=small)


@pytest.mark.parametrize("listener", [Lending, Giving])
def test_sockets_that_children_inherit_are_caught(caught, listener) -> None:
    by = "test_sockets_are_no_other_programs"
    said = caught(
        TransportSuite, of_unix(listener), by=by, capabilities=SOCKETS
    )
    assert "each program that this one starts" in said


def test_a_gone_peer_in_another_error_is_caught(caught) -> None:
    class Dressed(TcpListener):
        def accepted(self, sock, *, small):
            try:
                return super().accepted(sock, small=small)
            except OSError as error:
                raise ConnectionFailed(f"it went: {error}") from error

    class Dressing(Tcp):
        @hookimpl
        def bind(self):
            return Dressed(self.settings)

    for by in (
        "test_a_peer_that_is_gone_is_an_oserror",
        "test_a_peer_that_came_and_went_is_a_peer_or_an_oserror",
    ):
        said = caught(TransportSuite, Dressing, by=by, capabilities=SOCKETS)
        assert "ConnectionFailed" in said


def test_a_made_up_peer_is_caught(caught) -> None:
    class Sure(UnixListener):
        def accepted(self, sock, *, small):
            return Peer(transport="unix", address=self.address)

    by = "test_a_peer_that_is_gone_is_an_oserror"
    said = caught(TransportSuite, of_unix(Sure), by=by, capabilities=SOCKETS)
    assert "expected OSError, found" in said


def test_a_socket_that_is_closed_at_once_is_caught(caught) -> None:
    class Closing(UnixListener):
        def accepted(self, sock, *, small):
            peer = super().accepted(sock, small=small)
            sock.close()
            return peer

    said = caught(
        TransportSuite,
        of_unix(Closing),
        by="test_accepting_leaves_the_socket_open",
        capabilities=SOCKETS,
    )
    assert "failed in accepting" in said


@pytest.mark.parametrize("plugin", [Unix, Tcp])
def test_no_heed_of_small_is_caught(caught, plugin) -> None:
    class Large(plugin):
        pass

    def bind(self, endpoint, socket_dir, context):
        given = (endpoint, socket_dir) if plugin is Unix else ()
        listener = super(Large, self).bind(*given)
        accepted = listener.accepted
        listener.accepted = lambda sock, *, small: accepted(sock, small=False)
        return listener

    Large.bind = hookimpl(bind)
    by = "test_small_asks_for_a_small_send_buffer"
    said = caught(TransportSuite, Large, by=by)
    assert "expected fewer bytes" in said
