"""A server and a client on TCP, told from a Unix socket by one word.

The server takes the first free port from 9000 to 9100, and tells clients on
this machine which one it is. Both prove that they know a token, a file that
only this user can read. What travels is plain text: stay on this machine, or
use a tunnel.
"""

import asyncio

from plugwire import Client, Server


async def main() -> None:
    async with Server("example_tcp", transport="tcp") as server:
        host, port = server.addresses["main"].removeprefix("tcp:").split(":")
        print(f"serving at {host}, a port of the range: {int(port) >= 9000}")

        # No port here: the server's doors file says it. From another
        # machine: Client(..., tcp={"host": "...", "port": 9000}).
        async with Client("example_tcp", transport="tcp") as client:
            server.broadcast({"load": 0.42})
            message = await client.receive(timeout=5)
            print(f"received {message.data}, number {message.seq}")

    # A second server in the same place may follow at once.
    async with Server("example_tcp", transport="tcp") as server:
        print(f"serving again: {server.running}")


asyncio.run(main())
