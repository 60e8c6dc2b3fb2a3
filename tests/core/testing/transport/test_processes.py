"""Transports that do not know their own process from another's, or stumble
over what a crash left."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from msgspec.structs import replace

from plugwire import AlreadyRunning, hookimpl
from plugwire.memory import Memory
from plugwire.testing import TransportSuite
from plugwire_tcp import Tcp
from plugwire_tcp.listener import TcpListener
from plugwire_unix import Unix
from plugwire_unix.listener import UnixListener

PROCESSES = ["sockets", "processes", "identity", "computed", "exclusive"]


class Selfish(UnixListener):
    """Takes everybody for a part of its own process."""

    def accepted(self, sock, *, small):
        peer = super().accepted(sock, small=small)
        return replace(peer, pid=os.getpid())


class SelfishUnix(Unix):
    @hookimpl
    def bind(self, endpoint, socket_dir):
        whole = super().bind(endpoint, socket_dir)
        return Selfish(whole._path, self.settings)


class SelfishToo(Unix):
    @hookimpl
    def connect(self, endpoint, socket_dir):
        connector = super().connect(endpoint, socket_dir)
        real = connector.connected
        connector.connected = lambda sock: replace(real(sock), pid=os.getpid())
        return connector


class Fearful(UnixListener):
    """Takes any file for a server that lives."""

    def open(self, backlog):
        path = Path(self.address)
        if path.exists() and stat.S_ISSOCK(path.stat().st_mode):
            raise AlreadyRunning(f"{path} is there", owner="its file")
        return super().open(backlog)


class FearfulUnix(Unix):
    @hookimpl
    def bind(self, endpoint, socket_dir):
        whole = super().bind(endpoint, socket_dir)
        return Fearful(whole._path, self.settings)


class Stealing(UnixListener):
    def open(self, backlog):
        Path(self.address).unlink(missing_ok=True)
        return super().open(backlog)


class StealingUnix(Unix):
    @hookimpl
    def bind(self, endpoint, socket_dir):
        whole = super().bind(endpoint, socket_dir)
        return Stealing(whole._path, self.settings)


class Private(UnixListener):
    shared = False


class PrivateUnix(Unix):
    @hookimpl
    def bind(self, endpoint, socket_dir):
        whole = super().bind(endpoint, socket_dir)
        return Private(whole._path, self.settings)


class Guessing(TcpListener):
    def accepted(self, sock, *, small):
        return replace(super().accepted(sock, small=small), uid=os.geteuid())


class GuessingTcp(Tcp):
    @hookimpl
    def bind(self):
        return Guessing(self.settings)


def test_wrong_claims_of_processes_are_found(caught) -> None:
    by = "test_processes_says_who_reaches_it"
    said = caught(TransportSuite, Memory, by=by, capabilities=["processes"])
    assert "claims 'processes'" in said
    said = caught(TransportSuite, Unix, by=by)
    assert "has 'processes' and does not claim it" in said


def test_shared_that_is_wrong_is_caught(caught) -> None:
    by = "test_shared_says_who_reaches_it"
    caught(TransportSuite, PrivateUnix, by=by, capabilities=PROCESSES)
    caught(TransportSuite, Unix, by=by)


@pytest.mark.parametrize(
    ("plugin", "by"),
    [
        (SelfishUnix, "test_a_client_of_another_process_is_who_it_is"),
        (SelfishToo, "test_a_server_in_another_process_is_who_it_is"),
    ],
)
def test_the_pid_of_this_process_for_all_is_caught(caught, plugin, by) -> None:
    said = caught(TransportSuite, plugin, by=by, capabilities=PROCESSES)
    assert f"'pid': {os.getpid()}" in said


def test_a_guess_is_caught(caught) -> None:
    by = "test_a_peer_without_identity_is_nobody"
    own = {"capabilities": ["sockets", "processes"]}
    said = caught(TransportSuite, GuessingTcp, by=by, **own)
    assert "expected None for each" in said


@pytest.mark.parametrize(
    "by",
    [
        "test_what_a_crash_left_is_no_obstacle",
        "test_a_crash_amidst_connections_is_no_obstacle",
        "test_a_client_finds_the_server_after_a_crash",
    ],
)
def test_fear_of_a_dead_file_is_caught(caught, by) -> None:
    said = caught(TransportSuite, FearfulUnix, by=by, capabilities=PROCESSES)
    assert "AlreadyRunning" in said


def test_a_place_that_is_stolen_is_caught(caught) -> None:
    by = "test_a_second_one_in_another_process_is_refused"
    said = caught(TransportSuite, StealingUnix, by=by, capabilities=PROCESSES)
    assert "expected AlreadyRunning, found it open" in said


def test_a_plugin_that_nobody_can_import_is_told_so(caught) -> None:
    class Hidden(Unix):
        pass

    by = "test_processes_says_who_reaches_it"
    said = caught(TransportSuite, Hidden, by=by, capabilities=PROCESSES)
    assert "define it at the top of a module" in said
