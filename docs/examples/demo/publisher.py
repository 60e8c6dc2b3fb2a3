"""The demo's server: publishes this machine's load ten times a second.

Started by ../demo.py. It says on standard output, as JSON lines, where its
doors are and at its end how many messages it handed out. A line on standard
input lets it begin, the end of standard input ends it, so that it never
outlives the process that started it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import psutil

from plugwire import Server

TICK = 0.1  # seconds: ten samples a second

DOORS = {
    "main": {"transport": "unix", "codec": "msgpack"},
    "remote": {"transport": "tcp", "codec": "json"},
}


def say(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)


def sample() -> dict[str, float]:
    """What the machine is doing now; CPU is since the last call."""
    return {
        "cpu": psutil.cpu_percent(),
        "load": round(psutil.getloadavg()[0], 2),
        "memory": psutil.virtual_memory().percent,
    }


async def orders() -> asyncio.StreamReader:
    """Standard input, for asyncio."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    return reader


async def main(socket_dir: str, messages: int) -> None:
    """Serve in `socket_dir`; end after `messages` (0: when told)."""
    inbox = await orders()
    settings = {"socket_dir": socket_dir, "listen": DOORS}
    sent = copies = 0
    async with Server("system_status", settings=settings) as server:
        say(addresses=dict(server.addresses))
        if await inbox.readline():
            loop = asyncio.get_running_loop()
            told = asyncio.ensure_future(inbox.read())
            due = loop.time()
            while not told.done() and (not messages or sent < messages):
                # One call, never waits: each codec encodes the sample once.
                copies += server.broadcast(sample())
                sent += 1
                due += TICK
                await asyncio.wait({told}, timeout=max(0, due - loop.time()))
            told.cancel()
    # The server has stopped: what was owed is out, everyone was told.
    say(sent=sent, copies=copies)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
