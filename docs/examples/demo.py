"""The front door: a live server and its clients, each in a process.

    python docs/examples/demo.py [--messages N]

One process publishes this machine's load ten times a second, over a Unix
socket with msgpack and over TCP with JSON. Three others receive it: two from
the Unix socket, one from the TCP port. On a terminal that goes on until
Ctrl-C, elsewhere for 30 messages; then it is counted what was sent, received
and lost.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import signal
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent / "demo"
READERS = {"reader 1": "main", "reader 2": "main", "reader 3": "remote"}
PATIENCE = 5.0  # seconds for a child that was asked to end
ROOM = 60  # characters of a folder that leave room for a socket's name


class Child:
    """A child process that speaks JSON lines, and what it last said."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.facts: dict[str, Any] = {}

    async def hear(self) -> dict[str, Any]:
        """What it says next; nothing at its end."""
        assert self.process.stdout is not None
        line = await self.process.stdout.readline()
        said: dict[str, Any] = json.loads(line) if line else {}
        self.facts.update(said)
        return said

    def tell(self, *, go: bool) -> None:
        """Let it begin, or have it end: the end of its input is that."""
        stdin = self.process.stdin
        assert stdin is not None
        if go:
            stdin.write(b"go\n")
        else:
            stdin.close()


@asynccontextmanager
async def child(script: str, *arguments: object) -> AsyncIterator[Child]:
    """A child that is ended and reaped whatever happens."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(HERE / script),
        *map(str, arguments),
        stdin=PIPE,
        stdout=PIPE,
        start_new_session=True,  # Ctrl-C is for this process to pass on
    )
    spoken = Child(process)
    try:
        yield spoken
    finally:
        spoken.tell(go=False)
        try:
            await asyncio.wait_for(process.wait(), PATIENCE)
        except TimeoutError:
            process.kill()
            await process.wait()


class Screen:
    """One line a reader, redrawn on a terminal, else one a second."""

    def __init__(self, live: bool) -> None:
        self.live = live
        self.drawn = 0

    def show(self, readers: dict[str, Child], name: str) -> None:
        if self.live:
            width = shutil.get_terminal_size().columns - 1
            up = f"\x1b[{self.drawn}A" if self.drawn else ""
            lines = [
                row(n, r)[:width] + "\x1b[K\n" for n, r in readers.items()
            ]
            print(up + "".join(lines), end="", flush=True)
            self.drawn = len(lines)
        elif readers[name].facts["seq"] % 10 == 0:
            print(row(name, readers[name]), flush=True)


def row(name: str, reader: Child) -> str:
    """What a reader received last, in words."""
    facts = reader.facts
    if "seq" not in facts:
        return f"{name}  {facts['codec']:<7}  joined"
    data = facts["data"]
    return (
        f"{name}  {facts['codec']:<7}  message {facts['seq']:>5}  "
        f"cpu {data['cpu']:5.1f} %  load {data['load']:5.2f}  "
        f"memory {data['memory']:4.1f} %"
    )


async def run(messages: int, live: bool) -> int:
    """The whole demo; its exit status."""
    ending = heed_signals()
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(short_folder())
        server = await stack.enter_async_context(
            child("publisher.py", folder, messages)
        )
        if "addresses" not in await server.hear():
            print("the server did not start: see above", file=sys.stderr)
            return 1
        for door, address in server.facts["addresses"].items():
            print(f"server    {door:<7}  {address}")
        readers: dict[str, Child] = {}
        for name, door in READERS.items():
            readers[name] = await stack.enter_async_context(
                child("reader.py", folder, door)
            )
        for reader in readers.values():
            await reader.hear()
        if not all("joined" in r.facts for r in readers.values()):
            print("a reader did not join: see above", file=sys.stderr)
            return 1
        # All have joined: from here on every message is for all of them.
        server.tell(go=not ending.is_set())
        await follow(server, readers, Screen(live), ending)
        return count(server, readers)


def heed_signals() -> asyncio.Event:
    """Set by Ctrl-C or SIGTERM; a second Ctrl-C waits for nobody."""
    ending = asyncio.Event()
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None

    def interrupted() -> None:
        if ending.is_set():
            task.cancel()
        ending.set()

    loop.add_signal_handler(signal.SIGINT, interrupted)
    loop.add_signal_handler(signal.SIGTERM, ending.set)
    return ending


async def follow(
    server: Child,
    readers: dict[str, Child],
    screen: Screen,
    ending: asyncio.Event,
) -> None:
    """Show what arrives until everyone has said the last."""

    async def heed() -> None:
        await ending.wait()
        server.tell(go=False)

    async def listen(name: str) -> None:
        while "seq" in await readers[name].hear():
            screen.show(readers, name)

    heeding = asyncio.ensure_future(heed())
    try:
        await asyncio.gather(server.hear(), *map(listen, readers))
    finally:
        heeding.cancel()


def count(server: Child, readers: dict[str, Child]) -> int:
    """The closing line, from what each process counted by itself."""
    sent = server.facts.get("sent", 0)
    copies = server.facts.get("copies", 0)
    facts = [reader.facts for reader in readers.values()]
    received = sum(f.get("received", 0) for f in facts)
    told = sum(f.get("missed") or f.get("holes") or 0 for f in facts)
    lost = max(copies - received, told)
    print(
        f"sent {sent} messages to {len(readers)} clients, {copies} in all: "
        f"received {received}, lost {lost}"
    )
    return 0 if sent and not lost and copies == received else 1


def short_folder() -> tempfile.TemporaryDirectory[str]:
    """A private folder whose name leaves room for a socket's."""
    parent = tempfile.gettempdir()
    return tempfile.TemporaryDirectory(
        prefix="plugwire-", dir=parent if len(parent) < ROOM else "/tmp"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="plugwire, live")
    parser.add_argument("--messages", type=int, metavar="N", help="then end")
    live = sys.stdout.isatty()
    messages = parser.parse_args().messages
    if messages is None:
        messages = 0 if live else 30
    if live:
        print("Ctrl-C ends it.")
    try:
        return asyncio.run(run(messages, live))
    except asyncio.CancelledError:  # the second Ctrl-C
        return 130


if __name__ == "__main__":
    sys.exit(main())
