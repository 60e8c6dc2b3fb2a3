"""Many connections: at once, and one after another."""

from __future__ import annotations

import asyncio

from plugwire.testing.transport import sight
from plugwire.testing.transport.base import Rig, TransportBase
from plugwire.testing.transport.ends import End, call, hang_up
from plugwire.testing.transport.posts import posted

CROWD = 100
"""Clients that come at once: as many as a server must bear."""
ROUNDS = 100
"""Clients that come and go, one after another."""


class Crowds(TransportBase):
    """What one connection does well a hundred must do too."""

    def test_a_hundred_connect_at_once(self, rig: Rig) -> None:
        """All clients of a server that was restarted come at one moment."""

        async def check() -> None:
            async with posted(rig.listener(), backlog=2 * CROWD) as post:
                nears = await _crowd(rig, post.listener.address)
                fars = [await post.next() for _ in nears]
                for number, near in enumerate(nears):
                    near.transport.write(number.to_bytes(2, "big"))
                heard = sorted(
                    [int.from_bytes(await f.read(2), "big") for f in fars]
                )
                assert heard == list(range(CROWD)), (
                    f"expected each of {CROWD} to be heard, found {heard}"
                )

        self.run(check())

    def test_a_hundred_are_told_at_once(self, rig: Rig) -> None:
        """A broadcast reaches all of them."""

        async def check() -> None:
            async with posted(rig.listener(), backlog=2 * CROWD) as post:
                nears = await _crowd(rig, post.listener.address)
                for _ in nears:
                    (await post.next()).transport.write(b"to all")
                for near in nears:
                    assert await near.read(6) == b"to all"

        self.run(check())

    def test_a_hundred_leave_at_once_and_leave_nothing(self, rig: Rig) -> None:
        """Half of them close, half are cut; no descriptor is left."""
        self.see_descriptors()

        async def check() -> None:
            async with posted(rig.listener(), backlog=2 * CROWD) as post:
                await rig.settle(post)
                before = sight.descriptors()
                nears = await _crowd(rig, post.listener.address)
                fars = [await post.next() for _ in nears]
                for number, near in enumerate(nears):
                    if number % 2:
                        near.transport.close()
                    else:
                        near.transport.abort()
                for far in fars:
                    await far.end()
                await hang_up(*nears, *fars)
                left = sight.opened(before)
                assert not left, f"expected none left open, found {left}"

        self.run(check())

    def test_coming_and_going_leaves_nothing(self, rig: Rig) -> None:
        """Scripts that connect, say a word and end, all day long."""
        self.see_descriptors()

        async def check() -> None:
            async with posted(rig.listener()) as post:
                await rig.settle(post)
                before, files = sight.descriptors(), rig.files()
                for _ in range(ROUNDS):
                    near, far = await rig.call(post)
                    near.transport.write(b"word")
                    near.transport.close()
                    assert await far.read(4) == b"word"
                    await hang_up(near, far)
                left = sight.opened(before)
                assert not left, f"expected none left open, found {left}"
                more = rig.files() - files
                assert not more, f"expected no new file, found {more}"

        self.run(check())

    def test_one_who_does_not_read_delays_nobody(self, rig: Rig) -> None:
        """Each connection has room of its own."""

        async def check() -> None:
            async with posted(rig.listener()) as post:
                slow, to_slow = await rig.call(post)
                quick, to_quick = await rig.call(post)
                slow.transport.pause_reading()
                piece = bytes(64 * 1024)
                while not to_slow.is_paused:
                    to_slow.transport.write(piece)
                    await asyncio.sleep(0)
                to_quick.transport.write(b"at once")
                assert await quick.read(7) == b"at once"

        self.run(check())


async def _crowd(rig: Rig, told: str) -> list[End]:
    calls = [call(rig.connector(), told) for _ in range(CROWD)]
    return list(await asyncio.gather(*calls))
