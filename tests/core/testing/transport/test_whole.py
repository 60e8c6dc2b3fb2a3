"""Transports that fail where a whole server and its clients use them."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugwire import ConnectionFailed, hookimpl, memory
from plugwire.memory import Memory, MemoryListener
from plugwire.testing import TransportSuite
from plugwire_unix import Unix
from plugwire_unix.listener import UnixListener


def test_a_server_that_starts_once_is_caught(caught) -> None:
    class Single(UnixListener):
        used = False

        def open(self, backlog):
            assert not self.used, "used up"
            self.used = True
            return super().open(backlog)

    class Once(Unix):
        @hookimpl
        def bind(self, endpoint, socket_dir):
            whole = super().bind(endpoint, socket_dir)
            return Single(whole._path, self.settings)

    by = "test_a_stopped_server_starts_again"
    assert "used up" in caught(TransportSuite, Once, by=by)


def test_a_place_for_two_servers_is_caught(caught) -> None:
    class Stealing(MemoryListener):
        async def start(self, factory, *, small):
            memory._registry._live.pop(self.key, None)
            await super().start(factory, small=small)

    class Careless(Memory):
        @hookimpl
        def bind(self, endpoint, socket_dir):
            return Stealing(endpoint, socket_dir)

    by = "test_a_second_server_is_refused"
    assert "DID NOT RAISE" in caught(TransportSuite, Careless, by=by)


@pytest.mark.parametrize(
    "by",
    [
        "test_broadcasts_arrive_in_order",
        "test_requests_are_answered",
        "test_large_messages_go_both_ways",
        "test_requests_and_broadcasts_mix",
        "test_stopping_tells_the_clients",
    ],
)
def test_bytes_that_are_lost_on_the_way_are_caught(
    caught, meddled, by
) -> None:
    def meddle(transport):
        real, count = transport.write, [0]

        def write(data):
            count[0] += 1
            real(data if count[0] < 3 else data[1:])

        transport.write = write

    caught(TransportSuite, meddled(meddle), by=by)


def test_an_address_that_is_empty_is_caught(caught) -> None:
    class Nowhere(Memory):
        @hookimpl
        def bind(self, endpoint, socket_dir):
            listener = super().bind(endpoint, socket_dir)
            listener.address = ""
            return listener

    by = "test_a_server_tells_its_address"
    assert "expected an address" in caught(TransportSuite, Nowhere, by=by)


def of_unix(listener):
    """The transport `unix` with another listener."""

    class Changed(Unix):
        @hookimpl
        def bind(self, endpoint, socket_dir):
            whole = super().bind(endpoint, socket_dir)
            return listener(whole._path, self.settings)

    return Changed


def test_a_place_that_is_used_up_is_caught(caught) -> None:
    used = set()

    class Jealous(UnixListener):
        def open(self, backlog):
            assert self.address not in used, "used up"
            used.add(self.address)
            return super().open(backlog)

    by = "test_a_client_comes_back_after_a_restart"
    assert "used up" in caught(TransportSuite, of_unix(Jealous), by=by)


def test_a_file_that_is_left_is_caught(caught) -> None:
    class Untidy(UnixListener):
        def close(self):
            super().close()
            Path(f"{self.address}.old").touch()

    by = "test_stopping_leaves_nothing"
    assert "kit.sock.old" in caught(TransportSuite, of_unix(Untidy), by=by)


def test_room_for_a_few_is_caught(caught) -> None:
    class Narrow(MemoryListener):
        count = 0

        def dial(self, loop):
            self.count += 1
            if self.count > 10:
                raise ConnectionFailed("it is full")
            return super().dial(loop)

    class Small(Memory):
        @hookimpl
        def bind(self, endpoint, socket_dir):
            return Narrow(endpoint, socket_dir)

    by = "test_many_members_hear_the_same"
    caught(TransportSuite, Small, by=by)
