"""The face for threads: the same names without `async` and `await`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plugwire.sync.client import Client
    from plugwire.sync.server import Server

__all__ = ["Client", "Server"]


def __getattr__(name: str) -> Any:
    # A program that only listens need not load a server, nor asyncio.
    if name == "Client":
        from plugwire.sync.client import Client

        return Client
    if name == "Server":
        from plugwire.sync.server import Server

        return Server
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
