"""Frames compressed with zstd: one word of the configuration.

Needs `plugwire[compress]`. Both ends must name it, for it changes the bytes
on the wire: the handshake tells of it, and who has it not is refused in
words, not by garbage.
"""

import asyncio

from plugwire import Client, Refused, Server

# In a file: extensions = ["compress"] under [plugwire], for both ends, and
# in [plugwire.compress] what is compressed (threshold, in bytes) and how
# hard (level); these may differ.
PACKED = {"extensions": ["compress"]}


async def main() -> None:
    async with Server("example_compress", **PACKED) as server:
        async with Client("example_compress", **PACKED) as client:
            server.broadcast({"log": ["all is well"] * 10_000})
            message = await client.receive(timeout=5)
            print(f"extensions: {', '.join(client.server.extensions)}")
            print(f"received {len(message.data['log'])} lines")

        # The same program, without the word.
        try:
            await Client("example_compress").connect()
        except Refused as error:
            print(f"Refused: {error.reason}")
            print(f"to mend it: {error.mend}")


asyncio.run(main())
