"""The queue in a whole server: nobody there, then somebody."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from plugwire.message import Message
from plugwire.testing.pipes import Pipes, take, until
from plugwire.testing.queue.base import FEW, QueueBase

FILLER = "x" * 8000
MANY = 90
"""Messages with `FILLER` in them: more than a pipe holds."""


class Serving(QueueBase):
    """What a user sees of it."""

    def _expected(self) -> list[int]:
        return [*range(FEW)] if self.is_keeping() else []

    def test_a_newcomer_gets_what_was_kept_and_then_the_rest(
        self, instance: Any, pipes: Pipes
    ) -> None:
        """In order, marked as kept, no gap and nothing twice at the seam."""

        async def scenario() -> None:
            async with pipes.server(queue=instance) as server:
                for number in range(FEW):
                    server.broadcast({"n": number})
                kept = self._expected()
                assert server.kept == len(kept), (
                    f"{len(kept)} are to be kept; Server.kept: {server.kept}"
                )
                async with pipes.client() as client:
                    server.broadcast({"n": FEW})
                    came = await take(client, len(kept) + 1)
                    assert _numbers(came) == [*kept, FEW]
                    marks = [message.kept for message in came]
                    assert marks == [True] * len(kept) + [False]

        self.run(scenario())

    def test_nothing_is_lost_or_doubled_while_somebody_joins(
        self, instance: Any, pipes: Pipes
    ) -> None:
        """The server goes on talking, in every turn of its loop, while a
        client joins: what is kept and what is live fit together."""
        self.need_keeping()

        async def scenario() -> None:
            async with pipes.server(queue=instance) as server:
                server.broadcast({"n": 0})
                said = 1
                client = pipes.client()
                connecting = asyncio.ensure_future(client.connect())
                while not connecting.done():
                    # No more than any queue keeps, until it is in.
                    if said < FEW or server.has_clients:
                        server.broadcast({"n": said})
                        said += 1
                    await asyncio.sleep(0)
                await connecting
                try:
                    found = _numbers(await take(client, said))
                finally:
                    await client.disconnect()
                assert found == [*range(said)], f"found {found}"

        self.run(scenario())

    def test_the_second_gets_what_is_promised(
        self, instance: Any, pipes: Pipes
    ) -> None:
        """`each`: the same again. `once`: what is said from then on."""

        async def scenario() -> None:
            async with pipes.server(queue=instance) as server:
                for number in range(FEW):
                    server.broadcast({"n": number})
                async with pipes.client() as first:
                    await take(first, len(self._expected()))
                    async with pipes.client() as second:
                        server.broadcast({"n": FEW})
                        again: list[int] = []
                        if "each" in self.capabilities:
                            again = self._expected()
                        found = _numbers(await take(second, len(again) + 1))
                        assert found == [*again, FEW], (
                            f"expected {[*again, FEW]}, found {found}"
                        )
                        # Nothing more is on its way.
                        server.broadcast({"n": FEW + 1})
                        (last,) = await take(second, 1)
                        assert last.data == {"n": FEW + 1}

        self.run(scenario())

    def test_what_a_newcomer_did_not_take_is_for_the_next(
        self, instance: Any, pipes: Pipes
    ) -> None:
        """It is cut in between, without a word: what was not in the kernel
        is kept for the next one; nothing is in the wrong place."""
        self.need_keeping()

        async def scenario() -> None:
            async with pipes.server(
                queue=instance, max_connections=2
            ) as server:
                for number in range(MANY):
                    server.broadcast({"n": number, "fill": FILLER})
                kept = server.kept
                first = pipes.client(buffer_size=1)
                await first.connect()
                link = first._link
                assert link is not None
                link.abort()
                await first.disconnect()
                await until(lambda: not server.has_clients)
                left = server.kept
                async with pipes.client() as second:
                    server.broadcast({"n": MANY})
                    came = await take(second, left + 1)
                    assert _numbers(came) == [*range(MANY - left, MANY + 1)]
                    assert left <= kept

        self.run(scenario())

    def test_clear_kept_lets_all_go(self, instance: Any, pipes: Pipes) -> None:
        """The program may say that it was wrong."""

        async def scenario() -> None:
            async with pipes.server(queue=instance) as server:
                for number in range(FEW):
                    server.broadcast({"n": number})
                expected = len(self._expected())
                found = server.clear_kept()
                assert found == expected, (
                    f"clear_kept: expected {expected}, found {found}"
                )
                assert server.kept == 0
                async with pipes.client() as client:
                    server.broadcast({"n": FEW})
                    (came,) = await take(client, 1)
                    assert came.data == {"n": FEW}
                    assert not came.kept

        self.run(scenario())

    def test_the_server_counts_what_was_lost(
        self, instance: Any, pipes: Pipes
    ) -> None:
        """`Stats.dropped`: said, and neither kept nor heard. What a history
        lets go, and what nobody asked to keep, was no loss."""

        async def scenario() -> None:
            async with pipes.server(queue=instance) as server:
                total = 2000
                for number in range(total):
                    server.broadcast({"n": number})
                expected = 0
                if "once" in self.capabilities:
                    expected = total - server.kept
                    found = server.stats.dropped
                    assert found == expected, (
                        f"{total} were said, {server.kept} are kept, and "
                        f"Stats.dropped is {found}"
                    )
                if not self.is_keeping():
                    assert server.stats.dropped == 0

        self.run(scenario())


def _numbers(messages: Iterable[Message]) -> list[int]:
    return [message.data["n"] for message in messages]
