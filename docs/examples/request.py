"""A client asks, the server answers, while broadcasts go on beside it.

What `on_message` returns is the answer. What it raises is `RequestFailed`
at the client; the connection stays.
"""

import asyncio

from plugwire import Client, Message, RequestFailed, Server, TimedOut
from plugwire.registry import ClientInfo

server = Server("example_request")


@server.on_message
async def answer(client: ClientInfo, message: Message) -> dict[str, float]:
    print(f"client {client.id} asks {message.data}")
    if message.data.get("think"):
        await asyncio.Event().wait()  # cancelled when the client goes
    return {"quotient": message.data["a"] / message.data["b"]}


async def main() -> None:
    async with server, Client("example_request") as client:
        reply = await client.request({"a": 84, "b": 2})
        print(f"answer: {reply.data}")

        try:
            await client.request({"a": 1, "b": 0})
        except RequestFailed as error:
            print(f"RequestFailed: {error.reason}")

        # The handlers of one client run in order, one at a time; another
        # client, or a broadcast, does not wait for them.
        server.broadcast({"still": "here"})
        print(f"broadcast: {(await client.receive(timeout=5)).data}")

        try:
            await client.request({"think": True}, timeout=0.2)
        except TimedOut as error:
            print(f"TimedOut after {error.seconds} s")


asyncio.run(main())
