"""A server says something to one client.

Clients have ids that count up from 1 and are never used again. `send()`
comes in one sequence with the broadcasts, and raises for who has gone.
"""

import asyncio

from plugwire import Client, ClientGone, Server
from plugwire.registry import ClientInfo

server = Server("example_unicast")


@server.on_connect
def greet(client: ClientInfo) -> None:
    # It has not joined yet: this is the first thing that it will hear.
    server.send(client.id, {"hello": f"client {client.id}"})


async def main() -> None:
    gone = asyncio.Event()

    @server.on_disconnect
    def left(client: ClientInfo, reason: str) -> None:
        print(f"client {client.id} left: {reason}")
        gone.set()

    async with server:
        async with Client("example_unicast") as client:
            server.broadcast({"to": "everybody"})
            server.send(1, {"to": "you alone"})
            server.broadcast({"to": "everybody again"})
            for _ in range(4):
                print((await client.receive(timeout=5)).data)

        await gone.wait()
        try:
            server.send(1, {"to": "nobody"})
        except ClientGone as error:
            print(f"ClientGone: {error}")


asyncio.run(main())
