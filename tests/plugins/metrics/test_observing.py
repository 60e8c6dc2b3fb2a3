"""Servers that are told of beside their layers."""

from __future__ import annotations

import gc
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from plugwire import Client, Server
from plugwire.sync import Client as SyncClient
from plugwire.sync import Server as SyncServer
from plugwire_metrics import observe


async def test_an_asyncio_server_is_told_of(
    place: Path, telemetry: SimpleNamespace
) -> None:
    words: dict[str, Any] = {"socket_dir": str(place)}
    async with Server("status", **words) as server:
        with observe(server, meter_provider=telemetry.provider):
            async with Client("status", **words) as client:
                server.broadcast({"n": 1})
                await client.receive(timeout=20)
                seen = telemetry.collect()
                assert seen.value("plugwire.server.clients") == 1
                assert seen.value("plugwire.server.queued") == 0
                assert seen.value("plugwire.server.broadcasts") == 1
                assert seen.value("plugwire.server.sent") == 1
                assert seen.value("plugwire.server.connections") == 1
                (point,) = seen.points("plugwire.server.clients")
                assert dict(point.attributes) == {
                    "messaging.system": "plugwire",
                    "messaging.destination.name": "status",
                }
        assert telemetry.collect().value("plugwire.server.clients") is None


def test_a_blocking_server_is_told_of(
    place: Path, telemetry: SimpleNamespace
) -> None:
    words: dict[str, Any] = {"socket_dir": str(place)}
    with SyncServer("status", **words) as server:
        watch = observe(server, meter_provider=telemetry.provider)
        with SyncClient("status", **words) as client:
            server.broadcast({"n": 1})
            client.receive(timeout=20)
            seen = telemetry.collect()
            assert seen.value("plugwire.server.clients") == 1
            assert seen.value("plugwire.server.broadcasts") == 1
    seen = telemetry.collect()  # it has stopped
    assert seen.value("plugwire.server.clients") == 0
    assert seen.value("plugwire.server.broadcasts") == 1
    watch.close()
    watch.close()
    assert telemetry.collect().value("plugwire.server.clients") is None


def test_a_server_that_is_gone_is_forgotten(
    place: Path, telemetry: SimpleNamespace
) -> None:
    server = SyncServer("status", socket_dir=str(place))
    observe(server, meter_provider=telemetry.provider)
    assert telemetry.collect().value("plugwire.server.clients") == 0
    del server
    gc.collect()
    assert telemetry.collect().value("plugwire.server.clients") is None
