"""One server says something to all of its clients.

`broadcast()` never waits and never fails because of one client. It returns
how many clients were in the audience at that moment.
"""

import asyncio

from plugwire import Client, Server


async def main() -> None:
    async with Server("example_broadcast") as server:
        # A producer can spare itself the work while nobody listens.
        print(f"anybody there: {server.has_clients}")
        # Nobody: the queue (fifo) keeps this for the first who comes.
        print(f"early bird: {server.broadcast({'n': 0})} clients")

        async with (
            Client("example_broadcast") as first,
            Client("example_broadcast") as second,
        ):
            print(f"to all: {server.broadcast({'n': 1})} clients")
            # `exclude` leaves clients out: who has said it, for example.
            without = server.broadcast({"n": 2}, exclude=[first.client_id])
            print(f"to all but one: {without} client")
            server.broadcast({"n": 3})

            for name, client, count in (("1", first, 3), ("2", second, 3)):
                for _ in range(count):
                    message = await client.receive(timeout=5)
                    when = "kept" if message.kept else "live"
                    print(f"client {name}: {message.data} ({when})")


asyncio.run(main())
