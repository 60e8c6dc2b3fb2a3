"""Another codec for one deployment, by one environment variable.

The program names no codec. What it gets is the default, msgpack, unless the
configuration or the environment says otherwise; where each value comes from
can be asked (`plugwire config show`).
"""

import asyncio
import os

from plugwire import Client, Server, load_settings


async def talk() -> None:
    """The program: it is the same both times."""
    async with (
        Server("example_codec") as server,
        Client("example_codec") as client,
    ):
        server.broadcast({"load": 0.42, "raw": b"\x00\x01"})
        message = await client.receive(timeout=5)
        print(f"{client.server.codec}: {message.data}")


def where() -> str:
    """What the codec is, and what chose it."""
    settings = load_settings()
    origin = settings.origins.get("plugwire.codec", "default")
    return f"codec = {settings.codec} ({origin})"


print(where())
asyncio.run(talk())

# In a shell: PLUGWIRE_CODEC=json python program.py
os.environ["PLUGWIRE_CODEC"] = "json"
print(where())
asyncio.run(talk())  # JSON has no bytes: they arrive as base64 text
