"""Bytes: all of them, in order, both ways."""

from __future__ import annotations

import asyncio
import random

from plugwire.testing.transport.base import Rig, TransportBase
from plugwire.testing.transport.ends import End

LARGE = 4 * 1024 * 1024
"""Bytes that fit into no buffer of any system."""
LITTLE = 300
"""Bytes that are written one at a time: every value there is, and more."""


class Carrying(TransportBase):
    """What one end writes is what the other end reads."""

    def test_bytes_go_to_the_server(self, rig: Rig) -> None:
        """The least that there is."""

        async def check() -> None:
            async with rig.connected() as (near, far):
                await _carry(near, far, b"to the server")

        self.run(check())

    def test_bytes_go_to_the_client(self, rig: Rig) -> None:
        """The server speaks first: its welcome."""

        async def check() -> None:
            async with rig.connected() as (near, far):
                await _carry(far, near, b"to the client")

        self.run(check())

    def test_every_byte_is_carried_as_it_is(self, rig: Rig) -> None:
        """No byte ends, begins or escapes anything: it is no text."""

        async def check() -> None:
            every = bytes(range(256)) * 3
            async with rig.connected() as (near, far):
                await _carry(near, far, every)
                await _carry(far, near, every[::-1])

        self.run(check())

    def test_one_byte_at_a_time_arrives_in_order(self, rig: Rig) -> None:
        """Writes may be split or joined, never mixed."""

        async def check() -> None:
            data = _data(LITTLE)
            async with rig.connected() as (near, far):
                for place in range(LITTLE):
                    near.transport.write(data[place : place + 1])
                assert await far.read(LITTLE) == data

        self.run(check())

    def test_much_at_once_arrives_at_the_server(self, rig: Rig) -> None:
        """A single write of several MiB, which no buffer takes whole."""

        async def check() -> None:
            async with rig.connected() as (near, far):
                await _carry(near, far, _data(LARGE))

        self.run(check())

    def test_much_at_once_arrives_at_the_client(self, rig: Rig) -> None:
        """A message may have 16 MiB."""

        async def check() -> None:
            async with rig.connected() as (near, far):
                await _carry(far, near, _data(LARGE))

        self.run(check())

    def test_pieces_of_any_size_arrive_in_order(self, rig: Rig) -> None:
        """What waits in a buffer stays before what is written later."""

        async def check() -> None:
            data = _data(LARGE // 4)
            sizes = random.Random(1)
            async with rig.connected() as (near, far):
                place = 0
                while place < len(data):
                    size = sizes.randrange(1, 20_000)
                    near.transport.write(data[place : place + size])
                    place += size
                assert await far.read(len(data)) == data

        self.run(check())

    def test_both_directions_go_at_once(self, rig: Rig) -> None:
        """Requests are answered while broadcasts go out."""

        async def check() -> None:
            one, two = _data(LARGE // 4), _data(LARGE // 4)[::-1]
            async with rig.connected() as (near, far):
                near.transport.write(one)
                far.transport.write(two)
                back, there = await asyncio.gather(
                    near.read(len(two)), far.read(len(one))
                )
                assert there == one, "found other bytes at the server"
                assert back == two, "found other bytes at the client"

        self.run(check())

    def test_a_view_is_written_as_its_bytes(self, rig: Rig) -> None:
        """Codecs hand over memoryviews where that saves a copy."""

        async def check() -> None:
            async with rig.connected() as (near, far):
                near.transport.write(memoryview(b"a view of it")[2:6])
                assert await far.read(4) == b"view"

        self.run(check())

    def test_writing_nothing_is_harmless(self, rig: Rig) -> None:
        """No bytes are no end."""

        async def check() -> None:
            async with rig.connected() as (near, far):
                near.transport.write(b"")
                await _carry(near, far, b"something")
                assert not far.ended, "expected no end, found one"

        self.run(check())

    def test_connections_do_not_mix(self, rig: Rig) -> None:
        """Each client hears what was said to it."""

        async def check() -> None:
            async with rig.connected() as (near, far):
                other = rig.beside()
                async with other.connected() as (near_too, far_too):
                    near.transport.write(b"one")
                    near_too.transport.write(b"two")
                    assert await far.read(3) == b"one"
                    assert await far_too.read(3) == b"two"

        self.run(check())


async def _carry(writer: End, reader: End, data: bytes) -> None:
    writer.transport.write(data)
    found = await reader.read(len(data))
    assert found == data, (
        f"expected the {len(data)} bytes that were written, found others "
        f"from byte {_first_difference(found, data)} on"
    )


def _first_difference(one: bytes, two: bytes) -> int:
    pairs = enumerate(zip(one, two, strict=True))
    return next(place for place, (a, b) in pairs if a != b)


def _data(size: int) -> bytes:
    """Bytes without a pattern, the same ones each time."""
    return random.Random(size).randbytes(size)
