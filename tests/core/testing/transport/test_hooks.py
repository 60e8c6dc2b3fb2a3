"""Transports that are wrong before anything is open."""

from __future__ import annotations

import socket
from dataclasses import dataclass

import pytest

from plugwire import hookimpl
from plugwire.interfaces import Peer
from plugwire.memory import Memory, MemoryListener
from plugwire.testing import TransportSuite
from plugwire_unix import Unix
from plugwire_unix.listener import UnixListener

LEAKS: list[socket.socket] = []


def test_a_listener_of_no_known_kind_is_refused(caught) -> None:
    class Both(Memory):
        @hookimpl
        def bind(self, endpoint, socket_dir):
            listener = MemoryListener(endpoint, socket_dir)
            listener.open = listener.close = listener.stop
            return listener

    said = caught(TransportSuite, Both, by="test_bind_hands_over_a_listener")
    assert "found MemoryListener with both" in said


def test_a_connector_of_no_known_kind_is_refused(caught) -> None:
    class Both(Unix):
        @hookimpl
        def connect(self, endpoint, socket_dir):
            connector = super().connect(endpoint, socket_dir)
            connector.connect = lambda: None
            return connector

    by = "test_connect_hands_over_a_connector"
    assert "UnixConnector with both" in caught(TransportSuite, Both, by=by)


def test_sides_of_two_kinds_are_refused(caught) -> None:
    class Mixed(Unix):
        @hookimpl
        def connect(self, endpoint, socket_dir):
            return Memory().connect(endpoint, socket_dir)

    said = caught(
        TransportSuite, Mixed, by="test_sockets_is_what_both_sides_are"
    )
    assert "a listener with open() and a connector without targets()" in said


@pytest.mark.parametrize(
    ("plugin", "claims", "words"),
    [
        (Memory, ["sockets"], "claims 'sockets'"),
        (Unix, [], "has 'sockets' and does not claim it"),
    ],
)
def test_a_wrong_claim_of_sockets_is_found(
    caught, plugin, claims, words
) -> None:
    by = "test_sockets_is_what_both_sides_are"
    said = caught(TransportSuite, plugin, by=by, capabilities=claims)
    assert words in said


def test_a_bind_that_makes_the_folder_is_caught(caught) -> None:
    class Hasty(Unix):
        @hookimpl
        def bind(self, endpoint, socket_dir):
            socket_dir.mkdir(exist_ok=True)
            return super().bind(endpoint, socket_dir)

    said = caught(TransportSuite, Hasty, by="test_composing_touches_nothing")
    assert "os.mkdir" in said


def test_a_connect_that_opens_a_socket_is_caught(caught) -> None:
    class Early(Unix):
        @hookimpl
        def connect(self, endpoint, socket_dir):
            LEAKS.append(socket.socket())
            return super().connect(endpoint, socket_dir)

    try:
        caught(TransportSuite, Early, by="test_composing_opens_no_descriptor")
    finally:
        while LEAKS:
            LEAKS.pop().close()


def test_one_listener_for_all_is_caught(caught) -> None:
    class Shared(Memory):
        one = MemoryListener("kit", "run")

        @hookimpl
        def bind(self):
            return self.one

    by = "test_each_hook_hands_over_a_new_object"
    assert "found one for two" in caught(TransportSuite, Shared, by=by)


def test_shared_must_be_a_bool(caught) -> None:
    class Vague(Unix):
        @hookimpl
        def bind(self, endpoint, socket_dir):
            listener = super().bind(endpoint, socket_dir)
            listener.shared = "yes"
            return listener

    assert "found 'yes'" in caught(
        TransportSuite, Vague, by="test_shared_is_a_bool"
    )


def test_looks_up_must_be_a_bool(caught) -> None:
    class Vague(Unix):
        @hookimpl
        def connect(self, endpoint, socket_dir):
            connector = super().connect(endpoint, socket_dir)
            connector.looks_up = None
            return connector

    by = "test_looks_up_is_a_bool"
    said = caught(TransportSuite, Vague, by=by, capabilities=["sockets"])
    assert "found None" in said


@pytest.mark.parametrize("words", ["anyone", (), (7,), ["peer"]])
def test_permissions_that_are_no_names_are_caught(caught, words) -> None:
    class Odd(Memory):
        default_permissions = words

    by = "test_permissions_are_proposed_or_needed_in_words"
    assert repr(words) in caught(TransportSuite, Odd, by=by)


def test_no_proposal_is_as_good_as_one(verdicts) -> None:
    class Silent:
        bind, connect = Memory.bind, Memory.connect

    by = "test_permissions_are_proposed_or_needed_in_words"
    assert verdicts(TransportSuite, Silent, only=by) == {by: "passed"}


def test_a_need_that_is_no_bool_is_caught(caught) -> None:
    class Unsure(Memory):
        def needs_explicit_permissions(self):
            return None

    by = "test_explicit_permissions_are_asked_for_by_a_bool"
    assert "found None" in caught(TransportSuite, Unsure, by=by)


def test_settings_without_a_default_are_caught(caught) -> None:
    @dataclass(frozen=True)
    class Settings:
        place: str

    class Demanding(Memory):
        def __init__(self, settings):
            self.settings = settings

    Demanding.Settings = Settings
    caught(
        TransportSuite,
        Demanding,
        by="test_defaults_are_enough",
        settings={"place": "here"},
    )


def test_another_ones_name_in_a_peer_is_caught(caught) -> None:
    class Renamed(UnixListener):
        def accepted(self, sock, *, small):
            super().accepted(sock, small=small)
            return Peer(transport="kit", address=self.address)

    class Borrowing(Unix):
        @hookimpl
        def bind(self, endpoint, socket_dir):
            whole = super().bind(endpoint, socket_dir)
            return Renamed(whole._path, self.settings)

    by = "test_its_name_on_the_wire_is_a_plugins_name"
    said = caught(TransportSuite, Borrowing, by=by)
    assert "expected one name on both sides" in said
