"""Clients in sessions: what is said in one is for its clients only.

A client is in one session at a time, or in none; it asks for it, or the
server puts it there. Who reconnects is back in its session.
"""

import asyncio

from plugwire import Client, Server


async def main() -> None:
    event = "example_sessions"
    async with (
        Server(event) as server,
        Client(event) as ada,
        Client(event) as ben,
        Client(event) as cleo,
    ):
        await ada.attach("build")  # returns when the server has done it
        await ben.attach("build")
        server.attach(cleo.client_id, "shell")  # the server may, too
        print(f"build: {server.clients_in('build')}")
        print(f"shell: {server.clients_in('shell')}")

        # Cleo hears nothing of it; everybody hears what has no session.
        count = server.broadcast({"out": "make: done"}, session="build")
        print(f"said in build to {count} clients")
        server.broadcast({"out": "good evening"})

        for name, client in (("ada", ada), ("ben", ben), ("cleo", cleo)):
            said = (await client.receive(timeout=5)).data["out"]
            print(f"{name} hears first: {said}")

        await ben.attach("shell")  # again: it moves
        await ada.detach()
        print(f"build: {server.clients_in('build')}")
        print(f"shell: {server.clients_in('shell')}")
        sessions = [client.session for client in server.clients.values()]
        print(f"sessions of 1, 2, 3: {sessions}")


asyncio.run(main())
