"""A server and a client on a Unix socket, the transport by default.

The socket is a file of the user's own, which nobody else can open. Whoever
opens it is looked at by the kernel: both sides accept their own user only.
"""

import asyncio
import os
import stat
from pathlib import Path

from plugwire import Client, Server


async def main() -> None:
    # `async with` starts the server: when it is entered, clients can connect.
    async with Server("example_unix") as server:
        path = Path(server.addresses["main"].removeprefix("unix:"))
        mode = stat.S_IMODE(path.stat().st_mode)
        print(f"serving at {path.name}, mode {mode:04o}")

        # The client finds the socket by the event's name alone.
        async with Client("example_unix") as client:
            server.broadcast({"load": 0.42})
            message = await client.receive(timeout=5)
            print(f"received {message.data} of {message.event_name}")
            peer = server.clients[1].peer
            print(f"the kernel says who it is: {peer.uid == os.geteuid()}")

    print(f"stopped, the socket is gone: {not path.exists()}")


asyncio.run(main())
