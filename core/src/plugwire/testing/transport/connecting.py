"""The connecting side: what it tries, and what it says when that fails."""

from __future__ import annotations

import asyncio
import errno
import socket
from typing import cast

import pytest

from plugwire.errors import ConnectionFailed
from plugwire.interfaces import SocketConnector, Target
from plugwire.testing.transport import sight
from plugwire.testing.transport.base import Rig, TransportBase
from plugwire.testing.transport.ends import call
from plugwire.testing.transport.posts import posted

ERRORS = (
    errno.ECONNREFUSED,
    errno.ENOENT,
    errno.EACCES,
    errno.ETIMEDOUT,
    errno.EMFILE,
    errno.EIO,
)
"""What connecting fails with: the common ones, and one that nobody thinks
of."""
TURNS = 12
"""Turns of the loop within which connecting on one machine is under way."""


class Connecting(TransportBase):
    """`targets`, `connected` and `mend`, or `connect`."""

    def test_nobody_there_is_connection_failed(self, rig: Rig) -> None:
        """The one error that a client waits and tries again after."""
        self.run(self._fails(rig))

    def test_the_failure_names_the_address(self, rig: Rig) -> None:
        """Whoever reads it looks there first."""

        async def check() -> None:
            async with posted(rig.listener()) as post:
                told = post.listener.address
            with pytest.raises(ConnectionFailed) as caught:
                await call(rig.connector(), told)
            error = caught.value
            assert error.address == told, (
                f"expected the address {told!r}, found {error.address!r}"
            )
            assert told in str(error), (
                f"expected {told!r} in the words, found {error}"
            )

        self.run(check())

    def test_the_failure_says_what_to_do(self, rig: Rig) -> None:
        """An error without a mend is half an error."""
        text = str(self.run(self._fails(rig)))
        head, _, mend = text.rpartition(";")
        assert head.strip(), f"expected two parts, by a semicolon: {text!r}"
        assert len(mend.split()) >= 3, (
            f"expected what to do about it behind a semicolon, found {text!r}"
        )

    def test_a_failure_leaves_nothing_open(self, rig: Rig) -> None:
        """A client tries for days until its server is there."""
        self.see_descriptors()

        async def check() -> None:
            for number in range(4):
                if number == 1:
                    before, files = sight.descriptors(), rig.files()
                with pytest.raises(ConnectionFailed):
                    await call(rig.connector(), None)
            left = sight.opened(before)
            assert not left, f"expected none left open, found {left}"
            more = rig.files() - files
            assert not more, f"expected no new file, found {more}"

        self.run(check())

    def test_a_connector_connects_again_and_again(self, rig: Rig) -> None:
        """One serves a client for all of its attempts."""

        async def check() -> None:
            connector = rig.connector()
            async with posted(rig.listener()) as post:
                for _ in range(3):
                    near = await call(connector, post.listener.address)
                    await post.next()
                    near.transport.abort()
                    await near.gone()

        self.run(check())

    def test_a_connector_that_failed_connects_later(self, rig: Rig) -> None:
        """The server may start after its clients."""

        async def check() -> None:
            connector = rig.connector()
            with pytest.raises(ConnectionFailed):
                await call(connector, None)
            async with posted(rig.listener()) as post:
                await call(connector, post.listener.address)
                await post.next()

        self.run(check())

    def test_cancelling_leaves_nothing_open(self, rig: Rig) -> None:
        """At whatever turn a caller gives up: no descriptor, no file."""
        self.see_descriptors()

        async def check() -> None:
            async with posted(rig.listener()) as post:
                await rig.settle(post)
                before, files = sight.descriptors(), rig.files()
                for turns in range(TURNS):
                    await _cancelled(rig, post.listener.address, turns)
                await rig.settle(post)
                left = sight.opened(before)
                assert not left, f"expected none left open, found {left}"
                more = rig.files() - files
                assert not more, f"expected no new file, found {more}"

        self.run(check())

    def test_closing_leaves_nothing_open(self, rig: Rig) -> None:
        """A client that comes and goes costs nothing in the end."""
        self.see_descriptors()

        async def check() -> None:
            async with posted(rig.listener()) as post:
                await rig.settle(post)
                before, files = sight.descriptors(), rig.files()
                near, far = await rig.call(post)
                near.transport.close()
                await near.gone()
                await far.end()
                far.transport.close()
                await far.gone()
                left = sight.opened(before)
                assert not left, f"expected none left open, found {left}"
                more = rig.files() - files
                assert not more, f"expected no new file, found {more}"

        self.run(check())

    def test_targets_are_targets(self, rig: Rig) -> None:
        """Both faces make a socket of each, in order."""
        self.need("sockets")

        async def told() -> str:
            async with posted(rig.listener()) as post:
                return post.listener.address

        connector = cast("SocketConnector", rig.connector())
        targets = connector.targets(self.run(told()))
        assert targets, "expected a target at least, or ConnectionFailed"
        for target in targets:
            assert isinstance(target, Target), f"found {target!r}"
            assert target.text, f"expected its address as text: {target!r}"
            socket.socket(target.family, socket.SOCK_STREAM).close()

    def test_nothing_told_is_a_target_or_connection_failed(
        self, rig: Rig
    ) -> None:
        """The doors file may be gone; a client then says what it needs."""
        self.need("sockets")
        connector = cast("SocketConnector", rig.connector())
        try:
            targets = connector.targets(None)
        except ConnectionFailed as error:
            words = str(error)
        else:
            assert targets, "expected a target or ConnectionFailed: no target"
            return
        assert len(words.split()) >= 4, (
            f"expected the mend in words, found {words!r}"
        )

    @pytest.mark.parametrize("number", ERRORS)
    def test_mend_says_what_to_do(self, rig: Rig, number: int) -> None:
        """It ends the error that people see, whatever has happened."""
        self.need("sockets")
        connector = cast("SocketConnector", rig.connector())
        mend: object = connector.mend(OSError(number, "said the system"))
        assert isinstance(mend, str), f"expected text, found {mend!r}"
        assert len(mend.split()) >= 3, (
            f"expected what to do in words, found {mend!r}"
        )
        assert mend == mend.strip(), f"expected no space around {mend!r}"

    async def _fails(self, rig: Rig) -> ConnectionFailed:
        with pytest.raises(ConnectionFailed) as caught:
            await call(rig.connector(), None)
        return caught.value


async def _cancelled(rig: Rig, told: str, turns: int) -> None:
    """Give up connecting after so many turns of the loop."""
    task = asyncio.ensure_future(call(rig.connector(), told))
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    [done] = await asyncio.gather(task, return_exceptions=True)
    if not isinstance(done, BaseException):
        done.transport.abort()
        await done.gone()
