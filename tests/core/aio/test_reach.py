"""How a client gets to its server."""

from __future__ import annotations

from typing import Any

import pytest

from plugwire import ConnectionFailed, Server
from plugwire.aio.client import Client


async def test_each_attempt_looks_anew(told: dict[str, Any]) -> None:
    tcp = {"port_range_start": 22000, "port_range_end": 22999}
    client = Client("load", **told)
    for transport, codec in (("unix", "msgpack"), ("tcp", "json")):
        async with Server(
            "load", transport=transport, codec=codec, tcp=tcp, **told
        ):
            await client.connect()
            assert client.server is not None
            assert client.server.codec == codec
            await client.disconnect()


async def test_an_error_says_where_the_last_attempt_went(
    inside: dict[str, Any],
) -> None:
    client = Client("load", default_timeout=0, **inside)
    with pytest.raises(ConnectionFailed) as caught:
        await client.connect()
    assert caught.value.address == "load"
