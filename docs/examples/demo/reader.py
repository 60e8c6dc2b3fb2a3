"""One of the demo's clients: says what arrives, then counts it.

Started by ../demo.py. What arrives goes to standard output as JSON lines. It
ends when the server does, or when its standard input ends, so that it never
outlives the process that started it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from plugwire import Client, ConnectionClosed


def say(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)


async def orphaned() -> None:
    """Return when standard input ends."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    await reader.read()


async def read(socket_dir: str, door: str) -> None:
    """Receive from `door` until the server says goodbye."""
    # The door's transport and codec are the server's to know.
    settings = {"socket_dir": socket_dir, "reconnect": False}
    seqs = []
    async with Client("system_status", door=door, settings=settings) as client:
        assert client.server is not None
        say(joined=client.client_id, codec=client.server.codec)
        try:
            async for message in client:
                seqs.append(message.seq)
                say(seq=message.seq, data=message.data)
        except ConnectionClosed as end:
            # Broadcasts are numbered: a hole would be a message lost.
            holes = len(range(seqs[0], seqs[-1])) + 1 if seqs else 0
            holes -= len(seqs)
            say(
                received=len(seqs),
                holes=holes,
                missed=client.missed,
                end=end.reason,
            )


async def main(socket_dir: str, door: str) -> None:
    reading = asyncio.ensure_future(read(socket_dir, door))
    orphan = asyncio.ensure_future(orphaned())
    await asyncio.wait({reading, orphan}, return_when="FIRST_COMPLETED")
    for task in (reading, orphan):
        task.cancel()
    await asyncio.gather(reading, orphan, return_exceptions=True)
    if not reading.cancelled():
        reading.result()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
