"""Transports that threads and forks find out."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from plugwire import hookimpl
from plugwire.testing import TransportSuite
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


class Sweeping(UnixListener):
    """Removes its file in whatever process it is."""

    def close(self):
        super().close()
        Path(self.address).unlink(missing_ok=True)


def test_a_child_that_takes_the_parents_file_is_caught(caught) -> None:
    by = "test_a_forked_child_may_close_its_copy"
    said = caught(
        TransportSuite, of_unix(Sweeping), by=by, capabilities=SOCKETS
    )
    assert "to stay, found" in said


def test_a_close_that_fails_in_a_child_is_caught(caught) -> None:
    class Homely(UnixListener):
        def open(self, backlog):
            self.home = os.getpid()
            return super().open(backlog)

        def close(self):
            if os.getpid() != self.home:
                os._exit(3)
            super().close()

    by = "test_a_forked_child_may_close_its_copy"
    said = caught(TransportSuite, of_unix(Homely), by=by, capabilities=SOCKETS)
    assert "close() failed in the child" in said


def test_a_client_that_needs_a_loop_is_caught(caught) -> None:
    class Colourful(Unix):
        @hookimpl
        def connect(self, endpoint, socket_dir):
            connector = super().connect(endpoint, socket_dir)
            real = connector.connected

            def connected(sock):
                assert threading.current_thread() is threading.main_thread()
                import asyncio

                asyncio.get_running_loop()
                return real(sock)

            connector.connected = connected
            return connector

    for by in (
        "test_threads_broadcast_and_receive",
        "test_threads_ask_and_are_answered",
    ):
        said = caught(TransportSuite, Colourful, by=by)
        assert "no running event loop" in said


def test_a_place_that_is_used_up_is_caught(caught) -> None:
    used = set()

    class Jealous(UnixListener):
        def open(self, backlog):
            assert self.address not in used, "used up"
            used.add(self.address)
            return super().open(backlog)

    by = "test_threads_come_back_after_a_restart"
    assert "used up" in caught(TransportSuite, of_unix(Jealous), by=by)


def test_a_thread_that_is_left_is_caught(caught) -> None:
    done = threading.Event()

    class Threaded(UnixListener):
        def open(self, backlog):
            threading.Thread(target=done.wait).start()
            return super().open(backlog)

    by = "test_threads_leave_no_thread"
    try:
        said = caught(TransportSuite, of_unix(Threaded), by=by)
    finally:
        done.set()
    assert "goes on" in said
