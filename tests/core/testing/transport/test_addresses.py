"""Transports whose addresses lead elsewhere, or nowhere."""

from __future__ import annotations

import pytest

from plugwire import hookimpl
from plugwire.memory import Memory, MemoryConnector, MemoryListener
from plugwire.testing import TransportSuite
from plugwire_unix import Unix


def of_memory(place):
    """A transport that comes by its place in another way."""

    class Placed(Memory):
        @hookimpl
        def bind(self, endpoint, socket_dir):
            return MemoryListener(*place(endpoint, socket_dir))

        @hookimpl
        def connect(self, endpoint, socket_dir):
            return MemoryConnector(*place(endpoint, socket_dir))

    return Placed


@pytest.mark.parametrize("address", ["", b"kit", "kit\n", "k" * 600])
def test_an_address_that_is_no_use_is_caught(caught, address) -> None:
    class Odd(Memory):
        @hookimpl
        def bind(self, endpoint, socket_dir):
            listener = super().bind(endpoint, socket_dir)
            listener.address = address
            return listener

    caught(TransportSuite, Odd, by="test_an_open_listener_has_an_address")


def test_a_connector_without_an_address_is_caught(caught) -> None:
    class Lost(Memory):
        @hookimpl
        def connect(self, endpoint, socket_dir):
            connector = super().connect(endpoint, socket_dir)
            connector.address = None
            return connector

    by = "test_a_connector_has_an_address_from_the_start"
    assert "found None" in caught(TransportSuite, Lost, by=by)


def test_one_address_for_all_doors_is_caught(caught) -> None:
    short = of_memory(lambda endpoint, folder: (endpoint[:3], folder))
    by = "test_a_door_of_its_own_has_an_address_of_its_own"
    assert "AlreadyRunning" in caught(TransportSuite, short, by=by)


def test_names_that_fall_together_are_caught(caught) -> None:
    loud = of_memory(lambda endpoint, folder: (endpoint.upper(), folder))
    by = "test_a_name_of_any_case_and_mark_is_its_own"
    caught(TransportSuite, loud, by=by, capabilities=["computed"])


def test_long_names_that_are_cut_are_caught(caught) -> None:
    cut = of_memory(lambda endpoint, folder: (endpoint[:40], folder))
    by = "test_a_long_name_of_an_event_has_an_address"
    said = caught(TransportSuite, cut, by=by, capabilities=["computed"])
    assert "expected two events apart" in said


def test_one_world_for_all_folders_is_caught(caught) -> None:
    blind = of_memory(lambda endpoint, _: (endpoint, "everywhere"))
    by = "test_a_folder_of_its_own_keeps_programs_apart"
    caught(TransportSuite, blind, by=by, capabilities=["computed"])


def test_a_wrong_claim_of_computed_is_found(caught) -> None:
    by = "test_computed_says_whether_a_client_must_be_told"
    said = caught(TransportSuite, Memory, by=by)
    assert "has 'computed' and does not claim it" in said


def test_an_address_that_moves_is_caught(caught) -> None:
    class Moving(Unix):
        @hookimpl
        def bind(self, endpoint, socket_dir):
            listener = super().bind(endpoint, socket_dir)
            accepted = listener.accepted

            def moved(sock, *, small):
                listener.address += "x"
                return accepted(sock, small=small)

            listener.accepted = moved
            return listener

    by = "test_the_address_stays_while_it_is_open"
    caught(TransportSuite, Moving, by=by)


def test_a_told_address_that_is_ignored_is_caught(caught) -> None:
    class Deaf(Unix):
        @hookimpl
        def connect(self, endpoint, socket_dir):
            connector = super().connect("elsewhere", socket_dir)
            targets = connector.targets
            connector.targets = lambda told: targets(None)
            return connector

    by = "test_the_address_told_leads_to_the_listener"
    assert "elsewhere" in caught(TransportSuite, Deaf, by=by)


def test_one_door_for_all_clients_is_caught(caught) -> None:
    class Front(Memory):
        @hookimpl
        def connect(self, socket_dir):
            return MemoryConnector("kit", socket_dir)

    by = "test_doors_do_not_hear_each_other"
    assert "for a connection at" in caught(TransportSuite, Front, by=by)
