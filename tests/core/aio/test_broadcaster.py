"""Numbers, threads and the queue, seen from close by."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from plugwire import Client, ConnectionClosed, Server, hookimpl
from plugwire.interfaces import Kept


async def test_numbers_of_other_threads_count_once_they_are_said(
    inside: dict[str, Any], until: Any
) -> None:
    async with Server("load", queue="history", **inside) as server:
        server.broadcast({"i": 1})
        # The thread has said two before this loop has its next turn, in
        # which a newcomer joins: they are live for it, or kept, not both.
        client = Client("load", **inside)
        connecting = asyncio.create_task(client.connect())
        while not connecting.done():
            thread = threading.Thread(
                target=lambda: [server.broadcast({"i": 0}) for _ in range(2)]
            )
            thread.start()
            thread.join()
            await asyncio.sleep(0)
        await connecting
        server.broadcast({"i": -1})
        seen = []
        while not seen or seen[-1].data["i"] != -1:
            seen.append(await client.receive(timeout=20))
        marks = [message.seq for message in seen]
        assert marks == list(range(1, len(marks) + 1))
        assert client.missed == 0
        await client.disconnect()


def test_a_loop_that_was_closed_is_told_in_words(
    inside: dict[str, Any],
) -> None:
    server = Server("load", **inside)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(server.start())
    errors: list[BaseException] = []

    def talk() -> None:
        try:
            server.broadcast({})
        except ConnectionClosed as error:
            errors.append(error)

    async def tidy() -> None:
        await asyncio.sleep(0)

    loop.run_until_complete(tidy())
    loop.close()
    thread = threading.Thread(target=talk)
    thread.start()
    thread.join()
    assert "loop" in str(errors[0])

    async def give_way() -> None:
        async with Server("load", **inside):
            """The dead one leaves its place in `memory`."""

    asyncio.run(give_way())


async def test_a_broadcast_that_cannot_be_encoded_takes_no_number(
    inside: dict[str, Any],
) -> None:
    async with Server("load", **inside) as server:
        with pytest.raises(Exception, match="cannot be sent"):
            server.broadcast({"o": object()})
        async with Client("load", **inside) as client:
            server.broadcast({})
            assert (await client.receive(timeout=20)).seq == 1


class Asked:
    """A queue that keeps nothing and writes down what it is asked."""

    def __init__(self) -> None:
        self.numbers: list[int] = []

    @hookimpl
    def queue(self) -> Asked:
        return self

    def wants(self, joined: int) -> bool:
        self.numbers.append(joined)
        return False

    def offer(self, item: Kept, joined: int) -> int:
        raise AssertionError("it said no")

    def preface(
        self, joined: int, since: int | None, now: float
    ) -> list[Kept]:
        return []

    def handed(self, item: Kept) -> None: ...

    def returned(self, items: list[Kept]) -> None: ...

    def clear(self) -> int:
        return 0

    def __len__(self) -> int:
        return 0


async def test_a_queue_is_asked_anew_when_another_number_listens(
    inside: dict[str, Any],
) -> None:
    queue = Asked()
    async with Server("load", queue=queue, **inside) as server:
        server.broadcast({})
        server.broadcast({})
        async with Client("load", **inside) as client:
            server.broadcast({})
            server.broadcast({})
            assert (await client.receive(timeout=20)).seq == 3
        while server.has_clients:
            await asyncio.sleep(0)
        server.broadcast({})
    assert queue.numbers == [0, 1, 0]
