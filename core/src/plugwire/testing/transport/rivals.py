"""A second listener where one lives."""

from __future__ import annotations

from plugwire.errors import AlreadyRunning
from plugwire.testing.transport import sight
from plugwire.testing.transport.base import (
    Rig,
    TransportBase,
    check_words,
    refused,
)
from plugwire.testing.transport.posts import Post, posted


class Rivals(TransportBase):
    """Starting a program twice by mistake breaks nothing."""

    def test_exclusive_says_what_a_second_one_meets(self, rig: Rig) -> None:
        """Two servers at one address would share clients by chance."""

        async def refused() -> bool:
            async with posted(rig.listener()) as first:
                second = Post(rig.listener())
                try:
                    await second.open()
                except AlreadyRunning:
                    return True
                both = first.listener.address, second.listener.address
                await second.close()
                assert both[0] != both[1], (
                    "expected AlreadyRunning or another address for a second "
                    f"listener, found two open at {both[0]}"
                )
                return False

        self.claimed(
            "exclusive",
            present=self.run(refused()),
            shown="a second listener raised AlreadyRunning",
        )

    def test_a_second_one_is_told_who_is_there(self, rig: Rig) -> None:
        """Whoever reads it knows what to stop."""
        self.need("exclusive")

        async def check() -> None:
            async with posted(rig.listener()):
                error = await refused(rig)
            assert error.owner, "expected the owner in words"
            check_words(error)

        self.run(check())

    def test_a_second_one_leaves_the_first_unharmed(self, rig: Rig) -> None:
        """Starting a program twice by mistake breaks nothing."""

        async def check() -> None:
            async with posted(rig.listener()) as first:
                near, far = await rig.call(first)
                files = rig.files()
                second = Post(rig.listener())
                try:
                    await second.open()
                except AlreadyRunning:
                    pass
                else:
                    await second.close()
                assert files <= rig.files(), (
                    "expected the first one's files to stay, missing are "
                    f"{files - rig.files()}"
                )
                near.transport.write(b"still there")
                assert await far.read(11) == b"still there"
                await rig.reach(first)

        self.run(check())

    def test_a_second_one_leaves_nothing_behind(self, rig: Rig) -> None:
        """Neither a descriptor nor a file of a start that failed."""
        self.need("exclusive")
        self.see_descriptors()

        async def check() -> None:
            async with posted(rig.listener()) as first:
                await refused(rig)
                await rig.settle(first)
                before, files = sight.descriptors(), rig.files()
                await refused(rig)
                await rig.settle(first)
                left = sight.opened(before)
                assert not left, f"expected none left open, found {left}"
                more = rig.files() - files
                assert not more, f"expected no new file, found {more}"

        self.run(check())

    def test_closing_after_a_start_that_failed_harms_nobody(
        self, rig: Rig
    ) -> None:
        """What was never opened has nothing to take away."""
        self.need("exclusive")

        async def check() -> None:
            async with posted(rig.listener()) as first:
                second = Post(rig.listener())
                await refused(rig, second)
                files = rig.files()
                try:
                    await second.close()
                except Exception as error:
                    raise AssertionError(
                        "expected close() to do nothing after an open() that "
                        f"raised, found {type(error).__name__}: {error}"
                    ) from error
                assert rig.files() == files, (
                    "expected the files of the one that lives to stay, found "
                    f"{rig.files()}"
                )
                await rig.reach(first)

        self.run(check())
