"""The blocking face over it, and what a fork leaves alone."""

from __future__ import annotations

import os
import signal
import threading
import warnings
from typing import Any, cast

import pytest

from plugwire import sync
from plugwire.interfaces import SocketListener
from plugwire.testing.pipes import EVENT
from plugwire.testing.suite import DEADLINE
from plugwire.testing.transport.base import Rig, TransportBase
from plugwire.testing.transport.ends import call
from plugwire.testing.transport.posts import Post


class Threads(TransportBase):
    """`plugwire.sync`: no loop in the caller's sight."""

    def test_threads_broadcast_and_receive(self, rig: Rig) -> None:
        """The other half of the programs there are."""
        with _server(rig) as server, _client(rig) as client:
            for number in range(100):
                server.broadcast({"number": number})
            for number in range(100):
                heard = client.receive(timeout=DEADLINE)
                assert heard.data == {"number": number}

    def test_threads_ask_and_are_answered(self, rig: Rig) -> None:
        """A request there and back, from several threads at once."""
        with _server(rig), _client(rig) as client:
            answers: list[Any] = []

            def ask(number: int) -> None:
                answer = client.request({"number": number}, timeout=DEADLINE)
                answers.append(answer.data["number"])

            asking = [
                threading.Thread(target=ask, args=(number,))
                for number in range(4)
            ]
            for thread in asking:
                thread.start()
            for thread in asking:
                thread.join(DEADLINE)
            assert sorted(answers) == [0, 1, 2, 3], f"found {answers}"

    def test_threads_come_back_after_a_restart(self, rig: Rig) -> None:
        """A blocking client tries again within the calls that wait."""
        client = _client(rig, reconnect=True, reconnect_delay=0.01)
        try:
            for number in range(2):
                with _server(rig) as server:
                    if not number:
                        client.connect()
                    server.broadcast({"number": number})
                    heard = client.receive(timeout=DEADLINE)
                    assert heard.data == {"number": number}
        finally:
            client.disconnect()

    def test_threads_leave_no_thread(self, rig: Rig) -> None:
        """A program ends when its own threads do."""
        before = set(threading.enumerate())
        with _server(rig), _client(rig) as client:
            client.request({"number": 1}, timeout=DEADLINE)
        for thread in set(threading.enumerate()) - before:
            if not thread.name.startswith("plugwire"):  # those are the core's
                thread.join(DEADLINE)
                assert not thread.is_alive(), f"{thread} goes on"

    def test_a_forked_child_may_close_its_copy(self, rig: Rig) -> None:
        """A child that ends must not take the parent's listener with it."""
        self.need("sockets")
        if not hasattr(os, "fork"):
            pytest.skip("this system does not fork")

        async def check() -> None:
            listener = cast("SocketListener", rig.listener())
            post = Post(listener)
            await post.open()
            try:
                files = rig.files()
                assert _forked(listener) == 0, "close() failed in the child"
                assert rig.files() == files, (
                    f"expected {files} to stay, found {rig.files()}"
                )
                await call(rig.connector(), listener.address)
                await post.next()
            finally:
                await post.close()

        self.run(check())


def _forked(listener: SocketListener) -> int:
    """The exit status of a child that closes `listener`."""
    with warnings.catch_warnings():
        # Python warns of other threads; this child does not use any.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    status = 1
    try:
        signal.alarm(int(DEADLINE))  # the parent waits for as long
        listener.close()
        status = 0
    finally:
        os._exit(status)


def _server(rig: Rig) -> sync.Server:
    base = {"socket_dir": str(rig.folder)}
    own = rig.pipes.settings(transport=rig.make())
    server = sync.Server(EVENT, settings=base, **own)
    server.on_message(lambda _, message: dict(message.data))
    return server


def _client(rig: Rig, **changed: Any) -> sync.Client:
    base = {"socket_dir": str(rig.folder)}
    own = rig.pipes.settings(transport=rig.make(), **changed)
    return sync.Client(EVENT, settings=base, **own)
