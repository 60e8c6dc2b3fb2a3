"""pytest fixtures for applications: servers and clients over `memory`.

Say `pytest_plugins = ["plugwire.testing.fixtures"]` in the top `conftest.py`
and a test needs no socket, no port and no configuration::

    async def test_load_is_told(plugwire_pair):
        async with plugwire_pair("load") as (server, client):
            server.broadcast({"load": 0.5})
            assert (await client.receive(timeout=5)).data == {"load": 0.5}

Each test has a `socket_dir` of its own, so that tests do not meet. The
fixtures are plain functions that hand over objects for `async with`: any
plugin that runs coroutines will do. Codec, queue and permissions are the
usual defaults, and must be installed; override `plugwire_settings` in a
conftest to choose others for all tests, or name them in a call.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest

from plugwire.aio.client import Client
from plugwire.aio.server import Server


class MakeServer(Protocol):
    """What `plugwire_server` is."""

    def __call__(self, event_name: str, **overrides: Any) -> Server: ...


class MakeClient(Protocol):
    """What `plugwire_client` is."""

    def __call__(self, event_name: str, **overrides: Any) -> Client: ...


class MakePair(Protocol):
    """What `plugwire_pair` is."""

    def __call__(
        self, event_name: str = "test", **overrides: Any
    ) -> AbstractAsyncContextManager[tuple[Server, Client]]: ...


@pytest.fixture
def plugwire_settings(tmp_path: Path) -> dict[str, Any]:
    """What stands under `[plugwire]` for this test; no file and no variable
    is read."""
    return {"transport": "memory", "socket_dir": str(tmp_path / "plugwire")}


@pytest.fixture
def plugwire_server(plugwire_settings: dict[str, Any]) -> MakeServer:
    """Makes a server, not started: `async with plugwire_server("load")`.
    Takes the arguments of `plugwire.Server` but `settings`."""

    def make(event_name: str, **overrides: Any) -> Server:
        return Server(event_name, settings=plugwire_settings, **overrides)

    return make


@pytest.fixture
def plugwire_client(plugwire_settings: dict[str, Any]) -> MakeClient:
    """Makes a client, not connected, which finds this test's servers. Takes
    the arguments of `plugwire.Client` but `settings`."""

    def make(event_name: str, **overrides: Any) -> Client:
        return Client(event_name, settings=plugwire_settings, **overrides)

    return make


@pytest.fixture
def plugwire_pair(
    plugwire_server: MakeServer, plugwire_client: MakeClient
) -> MakePair:
    """Makes a started server and a client that has joined it, for `async
    with`. `overrides` are settings, and go to both."""

    @asynccontextmanager
    async def make(
        event_name: str = "test", **overrides: Any
    ) -> AsyncIterator[tuple[Server, Client]]:
        async with (
            plugwire_server(event_name, **overrides) as server,
            plugwire_client(event_name, **overrides) as client,
        ):
            yield server, client

    return make
