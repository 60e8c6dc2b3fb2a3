"""What the blocking client is tested against, and in: servers, threads."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

from plugwire import ClientInfo, Message, Server, TimedOut
from plugwire.standing import Standing
from plugwire.sync import Client
from plugwire.sync.attempt import Attempt
from plugwire.sync.conversation import Conversation
from plugwire.sync.link import Link
from plugwire.sync.membership import Membership
from plugwire.way import Way

T = TypeVar("T")

DEADLINE = 20.0
"""Seconds that anything may take: a machine may be busy."""

SERVER = """
import asyncio, sys
from plugwire import Server

async def main():
    server = Server(sys.argv[1], settings=sys.argv[2])
    server.on_message(lambda client, message: message.data)
    async with server:
        print("ready", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


class Call(Generic[T]):
    """A blocking call, in a thread of its own."""

    def __init__(
        self, function: Callable[..., T], *arguments: Any, **named: Any
    ) -> None:
        self._result: list[T] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(
            target=self._run, args=(function, arguments, named), daemon=True
        )
        self._thread.start()

    def _run(
        self, function: Callable[..., T], arguments: Any, named: Any
    ) -> None:
        try:
            self._result.append(function(*arguments, **named))
        except BaseException as error:
            self._error = error

    @property
    def is_over(self) -> bool:
        return not self._thread.is_alive()

    def result(self) -> T:
        """What it returned; raises what it raised."""
        self._thread.join(DEADLINE)
        assert self.is_over, "the call never returned"
        if self._error is not None:
            raise self._error
        return self._result[0]

    def error(self) -> BaseException:
        """What it raised."""
        self._thread.join(DEADLINE)
        assert self.is_over, "the call never returned"
        assert self._error is not None, f"it returned {self._result}"
        return self._error


class Host:
    """An asyncio server, whose loop runs in a thread of its own.

    It answers a request with its own data, and a message with `sleep` once
    so many seconds are over. `said` is what clients sent, `left` why they
    left.
    """

    def __init__(self, event: str, told: dict[str, Any]) -> None:
        self.said: list[Any] = []
        self.left: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, daemon=True
        )
        self._thread.start()
        self.server = Server(event, settings=told)
        self.server.on_message(self._heard)
        self.server.on_disconnect(lambda _, reason: self.left.append(reason))

    async def _heard(self, client: ClientInfo, message: Message) -> Any:
        self.said.append(message.data)
        if "raise" in message.data:
            raise ValueError(message.data["raise"])
        if "sleep" in message.data:
            await asyncio.sleep(message.data["sleep"])
        return message.data

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What `work` returns, in the server's loop."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(DEADLINE)

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """What `function` returns, in the server's loop."""

        async def work() -> T:
            return function(*arguments)

        return self.run(work())

    def start(self) -> Self:
        self.run(self.server.start())
        return self

    def stop(self) -> None:
        self.run(self.server.stop())

    @contextmanager
    def paused(self) -> Iterator[None]:
        """The server, and its loop, do nothing meanwhile."""
        begun, over = threading.Event(), threading.Event()

        def pause() -> None:
            begun.set()
            over.wait(DEADLINE)

        self._loop.call_soon_threadsafe(pause)
        assert begun.wait(DEADLINE)
        try:
            yield
        finally:
            over.set()

    def close(self) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(DEADLINE)
        self._loop.close()

    def broadcast(self, *numbers: int) -> None:
        for number in numbers:
            self.server.broadcast({"n": number})

    def throw_out(self, reason: str) -> None:
        """End all clients' connections for good."""
        for number in self.call(lambda: tuple(self.server.clients)):
            self.call(self.server.disconnect, number, reason)

    def hang_up(self) -> None:
        """End all clients' connections, as a crash would: without a word,
        and the server goes on."""

        def abort() -> None:
            for connection in tuple(self.server._host.connections):
                connection._transport.abort()

        self.call(abort)


class Child:
    """A server in a process of its own, which echoes requests."""

    def __init__(self, event: str, told: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVER, event, str(told)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def close(self) -> None:
        self.process.kill()
        self.process.wait(DEADLINE)
        assert self.process.stdout is not None
        self.process.stdout.close()


class Mute:
    """A listening socket that accepts, in the kernel, and says nothing."""

    def __init__(self, sock: socket.socket, backlog: int = 8) -> None:
        self.sock = sock
        sock.listen(backlog)
        sock.settimeout(DEADLINE)
        self._filling: list[socket.socket] = []

    def fill(self) -> None:
        """Fill the backlog, so that the next one is not even accepted."""
        for _ in range(8):
            filler = socket.socket()
            filler.setblocking(False)
            self._filling.append(filler)
            with suppress(BlockingIOError):
                filler.connect(self.sock.getsockname())

    def close(self) -> None:
        for sock in (self.sock, *self._filling):
            sock.close()


def member_of(client: Client) -> Membership:
    """What is inside of a client on sockets."""
    backend = client._backend
    assert isinstance(backend, Conversation)
    return backend._member


def waits(client: Client, number: int = 1) -> Callable[[], bool]:
    """Whether so many threads are in a call: one in the chair, or one
    that waits for the back-off, the rest in the queues."""
    chair = member_of(client).chair

    def look() -> bool:
        with chair.lock:
            queued = len(chair.receivers) + len(chair.others)
            return queued + bool(chair.sitter) >= number

    return look


def comes_back(client: Client) -> bool:
    """Whether it is connected, after another short try."""
    with suppress(TimedOut):
        client.receive(timeout=0.01)
    return client.connected


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.002)


def joined(settings: dict[str, Any]) -> tuple[Way, Link]:
    """A connection that has joined, and its way."""
    way = Way.called(
        "event",
        door=None,
        receive=True,
        message_types=("data", "error"),
        settings=settings,
        overrides={},
    )
    attempt = Attempt(way, Standing(lambda _: None), None, counted=True)
    link = attempt.advance(None)
    assert link is not None
    return way, link
