"""Servers and clients over `memory` for a check: the real ones, with the
kit's companions beside the plugin that is tested.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plugwire.aio.client import Client
from plugwire.aio.server import Server
from plugwire.compose import compose_server
from plugwire.interfaces import Context, Side
from plugwire.loading import gather
from plugwire.memory import Memory
from plugwire.message import Message
from plugwire.pipeline import ServerPipeline
from plugwire.testing.companions import Lines, Shelf, Welcoming
from plugwire.testing.suite import DEADLINE, Suite

EVENT = "kit"
LIMIT = 1 << 20
"""Bytes of a message at most, as the configuration has it by default."""


class Pipes:
    """Makes servers and clients that find one another, in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def settings(self, **changed: Any) -> dict[str, Any]:
        """What stands under `[plugwire]`; each plugin is an instance."""
        return {
            "transport": Memory(),
            "codec": Lines(),
            "queue": Shelf(),
            "permissions": (Welcoming(),),
            "reconnect": False,
            "default_timeout": DEADLINE,
            "handshake_timeout": DEADLINE,
            **changed,
        }

    def pipeline(self, **changed: Any) -> ServerPipeline:
        """What a server with these plugins is composed of. Raises as
        `plugwire.Server` does."""
        base = {"socket_dir": str(self.folder)}
        settings, problems = gather(base, self.settings(**changed))
        return compose_server(EVENT, settings, problems)

    def server(self, **changed: Any) -> Server:
        """A server, not started."""
        base = {"socket_dir": str(self.folder)}
        return Server(EVENT, settings=base, **self.settings(**changed))

    def client(self, **changed: Any) -> Client:
        """A client, not connected."""
        base = {"socket_dir": str(self.folder)}
        own = self.settings(**changed)
        return Client(EVENT, settings=base, **own)

    def context(self, side: Side, **changed: Any) -> Context:
        """What a hook is told of the pipeline."""
        usual: dict[str, Any] = {
            "event": EVENT,
            "door": "main",
            "endpoint": EVENT,
            "socket_dir": self.folder,
            "max_message_bytes": LIMIT,
        }
        return Context(side=side, **{**usual, **changed})


async def take(client: Client, count: int) -> list[Message]:
    """The next `count` messages of `client`."""
    return [await client.receive(timeout=DEADLINE) for _ in range(count)]


async def until(condition: Callable[[], object]) -> None:
    """Return once `condition()` is true: for what no event announces. The
    suite's own deadline ends it."""
    while not condition():  # noqa: ASYNC110 - nothing can set an event
        await asyncio.sleep(0.001)


class Piped(Suite):
    """A suite whose plugin runs in whole servers and clients."""

    @pytest.fixture
    def pipes(self, tmp_path: Path) -> Pipes:
        """Servers and clients of one test."""
        return Pipes(tmp_path / "plugwire")
