"""Transports that leave something behind, or take too much with them."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

from plugwire import hookimpl
from plugwire.memory import Memory, MemoryListener
from plugwire.testing import TransportSuite
from plugwire_unix import Unix
from plugwire_unix.listener import UnixListener


def of_unix(listener):
    """The transport `unix` with another listener."""

    class Changed(Unix):
        @hookimpl
        def bind(self, endpoint, socket_dir):
            whole = super().bind(endpoint, socket_dir)
            return listener(whole._path, self.settings)

    return Changed


def test_a_descriptor_that_is_left_is_caught(caught) -> None:
    kept = []

    class Leaking(UnixListener):
        def open(self, backlog):
            kept.append(os.dup(0))
            return super().open(backlog)

    by = "test_closing_gives_back_every_descriptor"
    try:
        said = caught(TransportSuite, of_unix(Leaking), by=by)
    finally:
        for descriptor in kept:
            os.close(descriptor)
    assert "expected none left open" in said


def test_a_socket_that_listens_on_is_caught(caught) -> None:
    kept: list[socket.socket] = []

    class Lasting(UnixListener):
        def open(self, backlog):
            sockets = super().open(backlog)
            kept.extend(sock.dup() for sock in sockets)
            return sockets

    by = "test_closing_leaves_no_listening_socket"
    try:
        caught(TransportSuite, of_unix(Lasting), by=by)
    finally:
        for sock in kept:
            sock.close()


def test_a_file_that_is_left_is_caught(caught) -> None:
    class Untidy(UnixListener):
        def close(self):
            super().close()
            Path(f"{self.address}.old").touch()

    by = "test_closing_removes_what_opening_made"
    assert "kit.sock.old" in caught(TransportSuite, of_unix(Untidy), by=by)


def test_wrong_claims_of_files_are_found(caught) -> None:
    by = "test_files_says_whether_it_leaves_any_while_open"
    assert "kit.sock" in caught(TransportSuite, Unix, by=by)
    said = caught(TransportSuite, Memory, by=by, capabilities=["files"])
    assert "claims 'files'" in said


def test_a_close_that_raises_the_second_time_is_caught(caught) -> None:
    class Once(UnixListener):
        def close(self):
            assert self._bound is not None
            super().close()

    caught(TransportSuite, of_unix(Once), by="test_closing_twice_is_harmless")


def test_a_close_that_misses_its_file_is_caught(caught) -> None:
    class Strict(UnixListener):
        def close(self):
            missed = self._bound and not Path(self.address).exists()
            super().close()
            if missed:
                raise FileNotFoundError(self.address)

    by = "test_closing_what_is_gone_already_is_harmless"
    said = caught(
        TransportSuite, of_unix(Strict), by=by, capabilities=["files"]
    )
    assert "FileNotFoundError" in said


def test_a_close_that_cuts_connections_is_caught(caught) -> None:
    class Cutting(MemoryListener):
        async def start(self, factory, *, small):
            self.made = []

            def noted(peer):
                self.made.append(factory(peer))
                return self.made[-1]

            await super().start(noted, small=small)

        async def stop(self):
            await super().stop()
            for protocol in self.made:
                protocol.transport.abort()

    class Hard(Memory):
        @hookimpl
        def bind(self, endpoint, socket_dir):
            return Cutting(endpoint, socket_dir)

    caught(TransportSuite, Hard, by="test_connections_live_on_when_it_closes")


def test_a_listener_for_one_start_is_caught(caught) -> None:
    class Single(UnixListener):
        used = False

        def open(self, backlog):
            assert not self.used
            self.used = True
            return super().open(backlog)

    caught(TransportSuite, of_unix(Single), by="test_it_opens_again_at_once")


def test_what_still_answers_when_it_is_closed_is_caught(caught) -> None:
    class Open(MemoryListener):
        async def stop(self):
            self._listening = True

    class Undead(Memory):
        @hookimpl
        def bind(self, endpoint, socket_dir):
            return Open(endpoint, socket_dir)

    caught(
        TransportSuite, Undead, by="test_nobody_is_reached_once_it_is_closed"
    )


def test_a_socket_that_blocks_is_caught(caught) -> None:
    class Blocking(UnixListener):
        def open(self, backlog):
            [sock] = super().open(backlog)
            sock.setblocking(True)
            return [sock]

    by = "test_what_it_hands_over_does_not_block"
    said = caught(
        TransportSuite, of_unix(Blocking), by=by, capabilities=["sockets"]
    )
    assert "that does not block" in said


def test_a_place_that_is_used_up_is_caught(caught) -> None:
    used = set()

    class Jealous(UnixListener):
        def open(self, backlog):
            assert self.address not in used, "used up"
            used.add(self.address)
            return super().open(backlog)

    by = "test_another_one_opens_at_once_where_it_closed"
    assert "used up" in caught(TransportSuite, of_unix(Jealous), by=by)


def test_a_start_that_is_not_over_yet_is_caught(caught) -> None:
    class Lazy(MemoryListener):
        async def start(self, factory, *, small):
            loop = asyncio.get_running_loop()
            begin = super().start(factory, small=small)
            self.task = loop.create_task(begin)

        async def stop(self):
            await self.task
            await super().stop()

    class Late(Memory):
        @hookimpl
        def bind(self, endpoint, socket_dir):
            return Lazy(endpoint, socket_dir)

    by = "test_a_client_is_in_as_soon_as_it_is_open"
    assert "nobody serves" in caught(TransportSuite, Late, by=by)


def test_an_address_that_is_gone_at_the_second_start_is_caught(
    caught,
) -> None:
    class Forgetting(UnixListener):
        def close(self):
            super().close()
            self.address = ""

    by = "test_the_address_outlives_a_second_start"
    caught(TransportSuite, of_unix(Forgetting), by=by)
