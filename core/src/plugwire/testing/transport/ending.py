"""The end of a connection, seen from both sides."""

from __future__ import annotations

import pytest

from plugwire.aio.tls import is_tls
from plugwire.testing.transport import sight
from plugwire.testing.transport.base import Rig, TransportBase
from plugwire.testing.transport.ends import End
from plugwire.testing.transport.posts import posted

LAST = b"goodbye" * 1000
"""What is written right before the end."""
SIDES = pytest.mark.parametrize("side", ["client", "server"])


class Ending(TransportBase):
    """`close`, `abort`, `write_eof`, and what the other side hears."""

    @SIDES
    def test_closing_is_seen_by_the_other_side(
        self, rig: Rig, side: str
    ) -> None:
        """A slot is free as soon as its client has gone."""

        async def check() -> None:
            async with rig.connected() as pair:
                one, other = _sides(pair, side)
                one.transport.close()
                await other.end()
                assert other.error is None, f"found {other.error}"

        self.run(check())

    @SIDES
    def test_what_was_written_comes_before_the_end(
        self, rig: Rig, side: str
    ) -> None:
        """A goodbye is read, though its writer has closed behind it."""

        async def check() -> None:
            async with rig.connected() as pair:
                one, other = _sides(pair, side)
                one.transport.write(LAST)
                one.transport.close()
                assert await other.read(len(LAST)) == LAST
                await other.end()

        self.run(check())

    @SIDES
    def test_aborting_is_seen_by_the_other_side(
        self, rig: Rig, side: str
    ) -> None:
        """A client that is cut knows it, and comes again."""

        async def check() -> None:
            async with rig.connected() as pair:
                one, other = _sides(pair, side)
                one.transport.abort()
                await other.end()

        self.run(check())

    @SIDES
    def test_connection_lost_is_called_once(self, rig: Rig, side: str) -> None:
        """A second one would count a client out twice."""

        async def check() -> None:
            async with rig.connected() as pair:
                one, other = _sides(pair, side)
                for _ in range(2):
                    one.transport.close()
                    one.transport.abort()
                await one.gone()
                await other.end()
                other.transport.close()
                await other.gone()
                for end in pair:
                    found = end.calls.count("connection_lost")
                    assert found == 1, f"expected one, found {found}"
                    assert end.calls[-1] == "connection_lost", end.calls

        self.run(check())

    def test_connection_lost_is_not_called_within_close(
        self, rig: Rig
    ) -> None:
        """As with asyncio's own: who closes goes on in peace."""

        async def check() -> None:
            async with rig.connected() as (near, far):
                for end in (near, far):
                    end.transport.abort()
                    assert not end.lost, (
                        "expected connection_lost in a later turn of the "
                        "loop, found it within abort()"
                    )

        self.run(check())

    def test_is_closing_says_so(self, rig: Rig) -> None:
        """False while it is open, true from close() on."""

        async def check() -> None:
            async with rig.connected() as (near, _):
                assert near.transport.is_closing() is False
                near.transport.close()
                assert near.transport.is_closing() is True

        self.run(check())

    def test_writing_after_the_end_raises_nothing(self, rig: Rig) -> None:
        """The other side may go at any moment: between two lines, too."""

        async def check() -> None:
            async with rig.connected() as (near, far):
                # Closed twice, asyncio's TLS has forgotten what it wrote to.
                # The core asks first whether a transport is closing.
                forgets = is_tls(far.transport)
                near.transport.abort()
                for _ in range(20):
                    far.transport.write(LAST)
                await near.gone()
                await far.end()
                for _ in range(20):
                    far.transport.write(LAST)
                far.transport.close()
                await far.gone()
                if not forgets:
                    far.transport.write(LAST)

        self.run(check())

    def test_closing_without_a_word_leaves_nothing_open(
        self, rig: Rig
    ) -> None:
        """Whoever connects and goes costs nothing: probes do it."""
        self.see_descriptors()

        async def check() -> None:
            async with posted(rig.listener()) as post:
                await rig.settle(post)
                before = sight.descriptors()
                near, far = await rig.call(post)
                far.transport.abort()
                near.transport.abort()
                await near.gone()
                await far.gone()
                left = sight.opened(before)
                assert not left, f"expected none left open, found {left}"

        self.run(check())

    def test_half_close_is_what_the_transport_says(self, rig: Rig) -> None:
        """`can_write_eof` of both ends, and a request that ends before its
        answer begins."""

        async def seen() -> bool:
            async with rig.connected() as (near, far):
                says = {e.transport.can_write_eof() for e in (near, far)}
                assert len(says) == 1, (
                    f"expected can_write_eof alike on both sides, found {says}"
                )
                if says == {False}:
                    return False
                near.transport.write(b"a question")
                near.transport.write_eof()
                await far.until(lambda: far.ended or far.lost, "the end")
                assert far.data == b"a question", f"found {far.data!r}"
                if far.lost:
                    return False
                far.transport.write(b"its answer")
                return await near.read(10) == b"its answer"

        self.claimed(
            "half_close",
            present=self.run(seen()),
            shown="what was written after the other side's end arrived",
        )

    def test_half_close_works_the_other_way_too(self, rig: Rig) -> None:
        """The server ends first, and still hears its client."""
        self.need("half_close")

        async def check() -> None:
            async with rig.connected() as (near, far):
                far.transport.write(b"last")
                far.transport.write_eof()
                assert await near.read(4) == b"last"
                await near.end()
                assert not near.lost, "expected it half open, found it lost"
                near.transport.write(LAST)
                assert await far.read(len(LAST)) == LAST

        self.run(check())

    def test_the_end_waits_behind_bytes_that_wait(self, rig: Rig) -> None:
        """`write_eof` after much that nobody has read yet."""
        self.need("half_close")

        async def check() -> None:
            much = LAST * 300
            async with rig.connected() as (near, far):
                far.transport.pause_reading()
                near.transport.write(much)
                near.transport.write_eof()
                far.transport.resume_reading()
                assert await far.read(len(much)) == much
                await far.end()

        self.run(check())


def _sides(pair: tuple[End, End], side: str) -> tuple[End, End]:
    """The end that acts, and the other one."""
    near, far = pair
    return (near, far) if side == "client" else (far, near)
