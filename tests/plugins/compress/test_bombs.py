"""What little becomes much: no feed takes long, and no memory fills."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from plugwire import Client, Message, Server
from plugwire.framing import frame_limit
from plugwire.rooms import PACKED_BYTES
from plugwire.sync import Client as SyncClient
from plugwire.sync import Server as SyncServer
from plugwire_compress import UnpackingDecoder
from plugwire_compress.layer import MAX_RATIO

FACES = pytest.mark.parametrize("face", ["asyncio", "threads"])
MOST = PACKED_BYTES * MAX_RATIO + frame_limit(1 << 20)
"""Bytes that one feed may come to: what was read, and the frame that it
completes."""


@pytest.fixture
def words(place: Path) -> dict[str, Any]:
    return {"extensions": ["compress"], "socket_dir": str(place)}


@pytest.fixture
def feeds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes each feed of a decoder came to."""
    sizes: list[int] = []
    feed = UnpackingDecoder.feed

    def counted(self: UnpackingDecoder, data: bytes) -> list[Message]:
        messages = feed(self, data)
        sizes.append(self.unpacked)
        return messages

    monkeypatch.setattr(UnpackingDecoder, "feed", counted)
    return sizes


class Slow:
    """A server of either face whose handler waits for `go` with all that is
    of one client, and answers others at once."""

    def __init__(self, face: str, words: dict[str, Any]) -> None:
        self.heard: list[int] = []
        self.server: Any
        if face == "asyncio":
            self.server = Server("status", **words)
            self.go: Any = asyncio.Event()
            self.server.on_message(self._later)
        else:
            self.server = SyncServer("status", **words)
            self.go = threading.Event()
            self.server.on_message(self._at_last)

    async def _later(self, _: object, message: Message) -> None:
        if "i" in message.data:
            await self.go.wait()
            self.heard.append(message.data["i"])

    def _at_last(self, _: object, message: Message) -> None:
        if "i" in message.data:
            assert self.go.wait(20)
            self.heard.append(message.data["i"])

    async def __aenter__(self) -> Slow:
        started = self.server.start()
        if started is not None:
            await started
        return self

    async def __aexit__(self, *_: object) -> None:
        stopped = self.server.stop()
        if stopped is not None:
            await stopped


@FACES
async def test_what_waits_for_a_handler_is_bounded_as_it_was_unpacked(
    words: dict[str, Any], feeds: list[int], face: str
) -> None:
    count, size, limit = 300, 500_000, 2_000_000
    async with (
        Slow(face, {**words, "handler_bytes": limit}) as slow,
        Client("status", **words) as client,
        Client("status", **words) as other,
    ):

        async def talk() -> None:
            for number in range(count):
                await client.send({"i": number, "zeros": bytes(size)})

        talking = asyncio.create_task(talk())
        asked = 0

        async def waiting() -> int:
            """Bytes, with those of the one that the handler has."""
            nonlocal asked
            asked += 1
            await other.request({})
            return int((slow.server.stats.received - asked) * size)

        async with asyncio.timeout(20):
            while await waiting() < limit:
                pass
        for _ in range(50):  # so long, and no more is read
            assert await waiting() < limit + size + MOST
        assert not talking.done()
        assert max(feeds) <= MOST
        slow.go.set()
        await talking
        async with asyncio.timeout(20):
            while len(slow.heard) < count:
                await asyncio.sleep(0.01)
        assert slow.heard == list(range(count))


@FACES
async def test_a_client_is_fed_little_at_once(
    words: dict[str, Any], feeds: list[int], face: str
) -> None:
    count = 100  # all of which one read would bring

    def receive(client: SyncClient) -> list[int]:
        return [client.receive(timeout=20).data["i"] for _ in range(count)]

    async with Server("status", **words) as server:

        def say() -> None:
            for number in range(count):
                server.broadcast({"i": number, "zeros": bytes(60_000)})

        if face == "asyncio":
            async with Client("status", **words) as client:
                say()
                got = [
                    (await client.receive(timeout=20)).data["i"]
                    for _ in range(count)
                ]
        else:
            blocking = SyncClient("status", **words)
            await asyncio.to_thread(blocking.connect)
            say()
            got = await asyncio.to_thread(receive, blocking)
            await asyncio.to_thread(blocking.disconnect)
    assert got == list(range(count))
    assert sum(feeds) > 2 * MOST
    assert max(feeds) <= MOST
