"""One server, three doors: one registry, one queue, one sequence.

Each door has its own transport, codec and permissions. A broadcast is
encoded once for each codec, however many clients there are.
"""

import asyncio
import json

from plugwire import Client, Server

DOORS = {
    "main": {"transport": "unix", "codec": "msgpack"},
    "remote": {"transport": "tcp", "codec": "json"},
    # No handshake: every line is a message, for nc, socat and jq.
    "readers": {"transport": "unix", "codec": "json", "plain": True},
}


async def read_along(address: str) -> str:
    """What `nc -U … | head -1` shows, with nothing of plugwire's."""
    path = address.removeprefix("unix:")
    reader, writer = await asyncio.open_unix_connection(path)
    line = await reader.readline()
    writer.close()
    return line.decode()


async def main() -> None:
    event = "example_doors"
    # `history` keeps the last messages, 30 of them, for each newcomer.
    async with Server(event, listen=DOORS, queue="history") as server:
        for door, address in server.addresses.items():
            print(f"{door}: {address.partition(':')[0]}")

        server.broadcast({"load": 0.42})
        async with (
            Client(event) as local,  # the first door that is not plain
            Client(event, door="remote") as remote,
        ):
            for client in (local, remote):
                message = await client.receive(timeout=5)
                print(f"{client.server.codec}: {message.data}")
        line = await read_along(server.addresses["readers"])
        print(f"plain: {json.loads(line)['data']}")


asyncio.run(main())
