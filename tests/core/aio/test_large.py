"""Large messages, both ways, among small ones."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from plugwire import Client, Server, rooms

SIZES = [10, 70_000, 20, 500_000, 66_000, 1, 1_000_000, 300_000]
ROUNDS = 4


def blob(number: int) -> bytes:
    size = SIZES[number % len(SIZES)]
    return bytes((number % 256,)) * size


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The rooms that were taken in this process."""
    sizes: list[int] = []
    real = rooms.take

    def take(need: int, have: int) -> memoryview | None:
        room = real(need, have)
        if room is not None:
            sizes.append(len(room))
        return room

    monkeypatch.setattr(rooms, "take", take)
    return sizes


async def test_a_client_has_them_whole_and_in_order(
    told: dict[str, Any], taken: list[int]
) -> None:
    count = ROUNDS * len(SIZES)
    async with Server("load", **told) as server, Client("load", **told) as it:

        async def tell() -> None:
            for number in range(count):
                server.broadcast({"n": number, "blob": blob(number)})
                await server.flush()

        telling = asyncio.create_task(tell())
        for number in range(count):
            data = (await it.receive(timeout=20)).data
            assert data["n"] == number
            assert data["blob"] == blob(number)
        await telling
    assert taken


async def test_a_server_has_them_whole_and_in_order(
    told: dict[str, Any], taken: list[int]
) -> None:
    count = ROUNDS * len(SIZES)
    heard: list[tuple[int, bool]] = []
    done = asyncio.Event()
    async with Server("load", **told) as server, Client("load", **told) as it:

        @server.on_message
        def _(client: object, message: Any) -> None:
            number = message.data["n"]
            heard.append((number, message.data["blob"] == blob(number)))
            if len(heard) == count:
                done.set()

        for number in range(count):
            await it.send({"n": number, "blob": blob(number)})
        await asyncio.wait_for(done.wait(), 20)
    assert heard == [(number, True) for number in range(count)]
    assert taken
