"""Backpressure: who writes is told to wait, and nothing is lost."""

from __future__ import annotations

import asyncio

from plugwire.testing.transport.base import Rig, TransportBase
from plugwire.testing.transport.ends import End

PIECE = bytes(range(256)) * 64
"""16 KiB, written again and again until the transport has enough."""
MOST = 64 * 1024 * 1024
"""Bytes on their way to one who does not read: past all buffers of all
systems, so that somewhere they pile up."""

BEHIND = 200
"""Pieces that are written to a writer that waits."""


class Pressure(TransportBase):
    """The core counts on it: its outboxes begin where the kernel's end."""

    def test_a_writer_is_paused_when_the_client_does_not_read(
        self, rig: Rig
    ) -> None:
        """A server that is not told holds a slow client's whole past."""

        async def check() -> None:
            async with rig.connected() as (near, far):
                await _fill(far, near)

        self.run(check())

    def test_a_writer_is_paused_when_the_server_does_not_read(
        self, rig: Rig
    ) -> None:
        """A client that is not told fills its own memory."""

        async def check() -> None:
            async with rig.connected() as (near, far):
                await _fill(near, far)

        self.run(check())

    def test_a_writer_goes_on_when_the_reader_does(self, rig: Rig) -> None:
        """And each byte comes, in order, though it had to wait."""

        async def check() -> None:
            async with rig.connected() as (near, far):
                sent = await _fill(far, near)
                near.transport.resume_reading()
                found = await near.read(sent)
                assert found == PIECE * (sent // len(PIECE)), (
                    "expected what was written while it did not read, found "
                    "other bytes"
                )
                await far.until(lambda: not far.is_paused, "resume_writing")

        self.run(check())

    def test_what_is_written_behind_it_waits_its_turn(self, rig: Rig) -> None:
        """Small and large: whoever lets a small piece past what waits, or
        joins what waits in another order, breaks frames in two."""

        async def check() -> None:
            async with rig.connected() as (near, far):
                sent = await _fill(far, near)
                pieces = [
                    number.to_bytes(2, "big") * (1 + number * 37 % 900)
                    for number in range(BEHIND)
                ]
                for piece in pieces:
                    far.transport.write(piece)
                    if len(piece) % 3:  # some in one turn, some in several
                        await asyncio.sleep(0)
                near.transport.resume_reading()
                behind = b"".join(pieces)
                found = (await near.read(sent + len(behind)))[sent:]
                assert found == behind, (
                    f"expected {BEHIND} pieces in the order of their writing, "
                    "found other bytes"
                )

        self.run(check())

    def test_the_buffer_says_what_waits(self, rig: Rig) -> None:
        """The lag watch reads it: no more than was written, and nothing once
        all is out."""

        async def check() -> None:
            async with rig.connected() as (near, far):
                assert far.transport.get_write_buffer_size() == 0
                sent = await _fill(far, near)
                size = far.transport.get_write_buffer_size()
                assert 0 < size <= sent, (
                    f"expected from 1 to {sent} bytes unsent, found {size}"
                )
                near.transport.resume_reading()
                await near.read(sent)
                await far.until(lambda: not far.is_paused, "resume_writing")
                size = far.transport.get_write_buffer_size()
                assert size == 0, f"expected none unsent, found {size}"

        self.run(check())

    def test_pausing_and_resuming_take_turns(self, rig: Rig) -> None:
        """`pause_writing` once, then `resume_writing` once, as asyncio has
        it."""

        async def check() -> None:
            async with rig.connected() as (near, far):
                for _ in range(2):
                    sent = await _fill(far, near)
                    near.transport.resume_reading()
                    await near.read(sent)
                    await far.until(lambda: not far.is_paused, "resuming")
                words = [c for c in far.calls if c.endswith("_writing")]
                wanted = ["pause_writing", "resume_writing"] * (
                    len(words) // 2
                )
                assert words == wanted, f"expected {wanted}, found {words}"

        self.run(check())

    def test_pausing_a_reader_holds_bytes_back(self, rig: Rig) -> None:
        """A client whose buffer is full stops reading; nothing is lost."""

        async def check() -> None:
            async with rig.connected() as (near, far):
                near.transport.pause_reading()
                far.transport.write(b"later")
                # The way back is free: when this is there, that was too.
                near.transport.write(b"now")
                await far.read(3)
                await asyncio.sleep(0)
                assert not near.data, f"expected none, found {near.data!r}"
                near.transport.resume_reading()
                assert await near.read(5) == b"later"

        self.run(check())

    def test_the_other_direction_goes_on_meanwhile(self, rig: Rig) -> None:
        """A client that does not read can still be heard."""

        async def check() -> None:
            async with rig.connected() as (near, far):
                await _fill(far, near)
                near.transport.write(b"still here")
                assert await far.read(10) == b"still here"

        self.run(check())

    def test_aborting_a_writer_that_waits_ends_it(self, rig: Rig) -> None:
        """A client that took nothing for too long is cut."""

        async def check() -> None:
            async with rig.connected() as (near, far):
                await _fill(far, near)
                far.transport.abort()
                await far.gone()

        self.run(check())

    def test_closing_a_writer_that_waits_sends_all(self, rig: Rig) -> None:
        """What was written is owed, goodbye above all."""

        async def check() -> None:
            async with rig.connected() as (near, far):
                sent = await _fill(far, near)
                far.transport.close()
                near.transport.resume_reading()
                assert len(await near.read(sent)) == sent
                await near.end()
                await far.gone()
                assert far.error is None, f"expected none, found {far.error}"

        self.run(check())


async def _fill(writer: End, reader: End) -> int:
    """Write until the transport says to wait; returns how many bytes."""
    reader.transport.pause_reading()
    sent = 0
    while not writer.is_paused:
        assert sent < MOST, (
            f"expected pause_writing at some time, found {sent} bytes taken "
            "that nobody reads"
        )
        writer.transport.write(PIECE)
        sent += len(PIECE)
        await asyncio.sleep(0)
    return sent
