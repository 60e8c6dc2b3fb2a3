"""DATA, ERROR and CONTROL: three types, and clients who choose.

A client hears DATA and ERROR unless it says otherwise. CONTROL is yours to
give a meaning to, between your server and your clients.
"""

import asyncio

from plugwire import Client, MessageType, Server

event = "example_message_types"


async def hear(name: str, client: Client) -> None:
    async for message in client:
        print(f"{name}: {message.message_type} {message.data}")
        if "last" in message.data:
            return


async def main() -> None:
    async with (
        Server(event) as server,
        Client(event) as usual,
        Client(event, message_types=["error"]) as alarm,
        Client(event, message_types=list(MessageType)) as every,
    ):
        server.broadcast({"disk": 71})
        server.broadcast({"refresh": 5}, message_type=MessageType.CONTROL)
        # A plain word will do for a type.
        server.broadcast({"last": "disk is full"}, message_type="error")

        await hear("usual", usual)
        await hear("alarm", alarm)
        await hear("every", every)

        # A message has a time, too: in milliseconds, and in the sender's
        # zone (`timezone = "Europe/Paris"` in the configuration).
        server.broadcast({"last": "one"})
        message = await usual.receive(timeout=5)
        print(f"in UTC: {message.timestamp_iso.endswith('+00:00')}")


asyncio.run(main())
