"""The threads of a blocking server: how they end."""

from __future__ import annotations

import asyncio
import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from plugwire import Client, ClientInfo, ConnectionClosed, Message
from plugwire.sync import life as life_module
from plugwire.sync.server import Server

Until = Callable[[Callable[[], object]], None]


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    gate = threading.Event()
    yield gate
    gate.set()


def threads_of(event: str) -> list[str]:
    return [
        thread.name
        for thread in threading.enumerate()
        if thread.name.startswith(f"plugwire-{event}")
    ]


def files(told: dict[str, Any]) -> list[str]:
    return [path.name for path in Path(told["socket_dir"]).iterdir()]


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        check=True,
        capture_output=True,
        text=True,
        timeout=50,
    )


# --------------------------------------------------- stopped by a handler


@pytest.mark.parametrize("transport", ["memory", "unix"])
def test_a_handler_may_stop_its_server(
    told: dict[str, Any], until: Until, transport: str
) -> None:
    """It returns at once, its client is answered, and the server stops."""
    told["transport"] = transport
    server = Server("load", **told)
    gone: list[str] = []
    server.on_disconnect(lambda client, reason: gone.append(reason))

    @server.on_message
    def _(client: ClientInfo, message: Message) -> dict[str, bool]:
        server.stop("asked to")
        assert server.running
        return {"stopping": True}

    async def main() -> None:
        async with Client("load", reconnect=False, **told) as client:
            assert (await client.request({})).data == {"stopping": True}
            with pytest.raises(ConnectionClosed, match="asked to"):
                await client.receive(timeout=20)

    for _ in range(2):
        server.start()
        asyncio.run(main())
        until(lambda: not server.running)
        server.stop()
        assert threads_of("load") == []
    assert gone == ["asked to", "asked to"]


def test_a_handler_that_blocks_after_stop_does_not_hold_it_up(
    inside: dict[str, Any],
    until: Until,
    gate: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(life_module, "ANSWER_GRACE", 0.01)
    server = Server("load", **inside)

    @server.on_connect
    def _(client: ClientInfo) -> None:
        return None

    @server.on_message
    def _(client: ClientInfo, message: Message) -> None:
        server.stop("asked to")
        assert gate.wait(20)

    async def main() -> None:
        async with Client("load", reconnect=False, **inside) as client:
            await client.send({})
            with pytest.raises(ConnectionClosed, match="asked to"):
                await client.receive(timeout=20)

    with server:
        asyncio.run(main())
        until(lambda: not server.running)
        gate.set()


def test_a_snapshot_may_stop_its_server(
    inside: dict[str, Any], until: Until
) -> None:
    server = Server("load", **inside)

    @server.snapshot
    def _(client: ClientInfo) -> None:
        server.stop("asked to")

    async def main() -> None:
        client = Client("load", reconnect=False, **inside)
        await client.connect()
        with pytest.raises(ConnectionClosed, match="asked to"):
            await client.receive(timeout=20)
        await client.disconnect()

    server.start()
    asyncio.run(main())
    until(lambda: not server.running)
    server.stop()


def test_a_handler_may_stop_another_server(inside: dict[str, Any]) -> None:
    other = Server("other", **inside)
    server = Server("load", **inside)

    @server.on_message
    def _(client: ClientInfo, message: Message) -> dict[str, bool]:
        other.stop()
        return {"running": other.running}

    async def main() -> None:
        async with Client("load", **inside) as client:
            assert (await client.request({})).data == {"running": False}

    with server, other:
        asyncio.run(main())


# ----------------------------------------------- handlers that hold it up


def test_a_stop_waits_for_a_handler(
    inside: dict[str, Any], gate: threading.Event
) -> None:
    server = Server("load", **inside)
    entered = threading.Event()
    done: list[str] = []

    @server.on_message
    def _(client: ClientInfo, message: Message) -> None:
        entered.set()
        assert gate.wait(20)
        done.append("message")

    async def main() -> None:
        client = Client("load", reconnect=False, **inside)
        await client.connect()
        await client.send({})
        assert await asyncio.to_thread(entered.wait, 20)
        stopping = asyncio.create_task(asyncio.to_thread(server.stop))
        with pytest.raises(ConnectionClosed):
            await client.receive(timeout=20)
        gate.set()
        await stopping
        assert done == ["message"]
        assert threads_of("load") == []
        await client.disconnect()

    server.start()
    asyncio.run(main())


def test_a_handler_that_never_ends_is_left_behind(
    inside: dict[str, Any],
    gate: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(life_module, "PARTING", 0.01)
    server = Server("load", drain_timeout=0, **inside)
    entered = threading.Event()
    gone: list[str] = []
    server.on_disconnect(lambda client, reason: gone.append(reason))

    @server.on_message
    def _(client: ClientInfo, message: Message) -> None:
        entered.set()
        gate.wait(40)

    async def main() -> None:
        client = Client("load", reconnect=False, **inside)
        await client.connect()
        await client.send({})
        assert await asyncio.to_thread(entered.wait, 20)
        await asyncio.to_thread(server.stop)
        await client.disconnect()

    server.start()
    with caplog.at_level(logging.ERROR, "plugwire"):
        asyncio.run(main())
    assert "1 handlers run on in their threads" in caplog.text
    assert not server.running
    assert gone == []
    server.start()  # and it does not keep the server from living again
    assert server.running
    server.stop()


def test_an_interrupted_stop_cuts(told: dict[str, Any]) -> None:
    """KeyboardInterrupt while a client that reads nothing is drained."""
    server = Server("load", drain_timeout=60, lag_grace=60, **told)
    stopping = threading.Event()
    joined = threading.Event()
    over = threading.Event()

    async def main() -> None:
        client = Client("load", buffer_size=1, reconnect=False, **told)
        await client.connect()
        joined.set()
        assert await asyncio.to_thread(stopping.wait, 20)
        async with asyncio.timeout(20):
            while server.running:
                await asyncio.sleep(0.002)
        main_thread = threading.main_thread().ident
        assert main_thread is not None
        signal.pthread_kill(main_thread, signal.SIGINT)
        await asyncio.to_thread(over.wait, 20)
        await client.disconnect()

    server.start()
    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    assert joined.wait(20)
    for _ in range(60):
        server.broadcast({"x": "x" * 100_000})
    stopping.set()
    with pytest.raises(KeyboardInterrupt):
        server.stop()
    assert threads_of("load") == []
    over.set()
    thread.join()


# ------------------------------------------------------ the program's end

EXITING = """
import sys
from plugwire.sync.server import Server

server = Server("load", socket_dir=sys.argv[1])
server.on_disconnect(lambda client, reason: print("gone:", reason))
server.start()
print("ready", flush=True)
sys.stdin.readline()
if sys.argv[2] == "raise":
    raise SystemExit(3)
"""


@pytest.mark.parametrize("way", ["return", "raise"])
def test_at_the_programs_end_it_is_stopped(
    told: dict[str, Any], way: str
) -> None:
    """The clients are told, handlers hear of it, no file is left."""
    program = subprocess.Popen(
        [sys.executable, "-c", EXITING, told["socket_dir"], way],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None

    async def main() -> None:
        async with Client("load", reconnect=False, **told) as client:
            assert program.stdin is not None
            program.stdin.close()
            with pytest.raises(ConnectionClosed, match="the program ends"):
                await client.receive(timeout=20)

    try:
        assert program.stdout.readline() == "ready\n"
        asyncio.run(main())
        assert program.stdout.read() == "gone: the program ends\n"
        assert program.stderr is not None
        assert program.stderr.read() == ""
        assert program.wait(20) == (3 if way == "raise" else 0)
    finally:
        program.kill()
        program.wait()
        for stream in (program.stdin, program.stdout, program.stderr):
            assert stream is not None
            stream.close()
    assert files(told) == ["load.lock"]


def test_at_the_programs_end_nothing_holds_it_up(
    told: dict[str, Any],
) -> None:
    """Neither a handler that blocks for ever nor a client that is not
    drained; the socket is gone even so."""
    said = run(
        """
import asyncio, sys, threading
from plugwire import Client
from plugwire.sync import life
from plugwire.sync.server import Server

life.EXIT_PATIENCE = 0.1
server = Server("load", socket_dir=sys.argv[1], drain_timeout=600)
entered = threading.Event()

@server.on_message
def _(client, message):
    entered.set()
    threading.Event().wait()

server.start()

async def main():
    client = Client("load", socket_dir=sys.argv[1])
    await client.connect()
    await client.send({})
    await asyncio.to_thread(entered.wait)
    client._link.abort()

asyncio.run(main())
print("end")
""",
        told["socket_dir"],
    )
    assert said.stdout == "end\n"
    assert "load.sock" not in files(told)


def test_a_server_that_nobody_holds_lives_on(inside: dict[str, Any]) -> None:
    """Until the program's end: its clients hold it, one may say."""
    said = run(
        """
import asyncio, gc, sys
from plugwire import Client
from plugwire.sync.server import Server

def serve():
    Server("load", transport="memory", socket_dir=sys.argv[1]).start()

async def main():
    async with Client("load", transport="memory", socket_dir=sys.argv[1]):
        print("joined")

serve()
gc.collect()
asyncio.run(main())
""",
        inside["socket_dir"],
    )
    assert (said.stdout, said.stderr) == ("joined\n", "")
