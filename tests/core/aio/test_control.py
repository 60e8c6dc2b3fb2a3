"""Questions to a server about itself."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from plugwire import (
    ConnectionClosed,
    ConnectionFailed,
    Denied,
    Server,
    load_settings,
)
from plugwire.aio.control import Control, ask
from plugwire.protocol import STATS


async def test_a_question_is_answered_and_counts_nowhere(
    told: dict[str, Any],
) -> None:
    settings = load_settings(**told)
    async with Server("load", **told) as server:
        server.broadcast({})
        answer = await ask("load", settings, None, STATS)
        assert answer["event"] == "load"
        assert answer["kept"] == 1
        assert not server.has_clients
        async with Control("load", settings) as control:
            assert control.server is not None
            with pytest.raises(Denied):
                await control.ask("attach")
            await server.stop()
            with pytest.raises(ConnectionClosed):
                await control.ask(STATS)


async def test_nobody_there_is_told(told: dict[str, Any]) -> None:
    with pytest.raises(ConnectionFailed):
        await ask("load", load_settings(**told), None, STATS)


async def test_who_is_mute_is_given_up_on(told: dict[str, Any]) -> None:
    async with Server("load", **told) as server:
        place = server.addresses["main"].removeprefix("unix:")
    loop = asyncio.get_running_loop()
    mute = await loop.create_unix_server(asyncio.Protocol, place)
    async with mute:
        settings = load_settings(default_timeout=0.05, **told)
        with pytest.raises(ConnectionFailed, match="default_timeout"):
            await ask("load", settings, None, STATS)
