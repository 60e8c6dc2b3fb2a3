"""A distribution alone with core: `python -I alone.py plugwire-json`.

Each of its plugins is asked for twice: with nothing beside it, where what is
missing has to be said, and what to install; and beside the plainest
codec, queue and permission, which come with the conformance kit, where a
message has to arrive, or the words of `WORDS`.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import sys
import tempfile
from typing import Any

from plugwire import Client, PlugwireError, Server
from plugwire.testing.companions import Lines, Shelf, Welcoming

SECONDS = 20.0
GROUP = "plugwire."
# What needs more than the plainest neighbours, and what it says to them.
WORDS = {
    "compress": "expected a codec of frames under the extension",
    "rules": "expected a permission that says who may come in",
}
DEFAULTS = {"transport": "unix", "codec": "msgpack", "queue": "fifo"}


def plugins(distribution: str) -> list[tuple[str, str]]:
    """Its plugins: the kind in the settings, and the name."""
    found = importlib.metadata.distribution(distribution).entry_points
    kinds = {"transports": "transport", "codecs": "codec", "queues": "queue"}
    return [
        (kinds.get(group := e.group.removeprefix(GROUP), group), e.name)
        for e in found
        if e.group.startswith(GROUP)
    ]


def chosen(kind: str, name: str) -> dict[str, Any]:
    """The setting that asks for a plugin."""
    many = kind in ("permissions", "extensions")
    return {kind: [name] if many else name}


async def meet(settings: dict[str, Any], **objects: Any) -> None:
    """A server says something, its client receives it."""
    async with asyncio.timeout(SECONDS):
        async with (
            Server("event", settings=settings, **objects) as server,
            Client("event", settings=settings, **objects) as client,
        ):
            server.broadcast({"number": 1})
            message = await client.receive()
            assert message.data == {"number": 1}, message


async def missing(settings: dict[str, Any], own: str) -> str:
    """What is said where nothing stands beside it."""
    try:
        await meet(settings)
    except PlugwireError as error:
        said = str(error)
    else:
        raise AssertionError("it composed without what it needs")
    for kind, name in DEFAULTS.items():
        told = f"no {kind} named {name!r} is installed" in said
        assert told == (kind != own), f"{kind} {name}: {said}"
    assert "pip install plugwire-" in said, said
    return said


async def check(distribution: str) -> None:
    """Try each plugin."""
    for kind, name in plugins(distribution):
        with tempfile.TemporaryDirectory(prefix="pw-") as folder:
            place = {"socket_dir": folder, "default_timeout": SECONDS}
            await missing(place | chosen(kind, name), kind)
            objects: dict[str, Any] = {
                "transport": "memory",
                "codec": Lines(),
                "queue": Shelf(),
                "permissions": [Welcoming()],
            }
            objects |= chosen(kind, name)
            try:
                await meet(place, **objects)
            except PlugwireError as error:
                if WORDS.get(name, "\0") not in str(error):
                    raise
                print(f"{kind} {name} says: {error}")
            else:
                assert name not in WORDS, f"{name} was to say {WORDS[name]!r}"
                print(f"{kind} {name} carried a message")


if __name__ == "__main__":
    asyncio.run(check(sys.argv[1]))
