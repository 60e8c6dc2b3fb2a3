"""Opening, closing, and what is left of it."""

from __future__ import annotations

from typing import cast

from plugwire.interfaces import SocketListener
from plugwire.testing.transport import sight
from plugwire.testing.transport.base import Rig, TransportBase
from plugwire.testing.transport.ends import hang_up
from plugwire.testing.transport.posts import Post, posted

MOST = 40
"""Descriptors that a start may take: far more than any needs."""


class Opening(TransportBase):
    """`open` or `start`, and `close` or `stop`."""

    def test_nobody_is_reached_before_it_is_open(self, rig: Rig) -> None:
        """A client that is early is told so, and tries again."""
        rig.listener()
        self.run(self.unreached(rig, None))

    def test_a_client_is_in_as_soon_as_it_is_open(self, rig: Rig) -> None:
        """`start()` returns when every door accepts: no pause is needed."""

        async def check() -> None:
            async with posted(rig.listener()) as post:
                near, far = await rig.call(post)
                calls = near.calls[:1], far.calls[:1]
                made = ["connection_made"]
                assert calls == (made, made), (
                    f"expected connection_made on both sides, found {calls}"
                )

        self.run(check())

    def test_nobody_is_reached_once_it_is_closed(self, rig: Rig) -> None:
        """A server that stopped is not there."""

        async def check() -> None:
            async with posted(rig.listener()) as post:
                told = post.listener.address
            await self.unreached(rig, told)

        self.run(check())

    def test_connections_live_on_when_it_closes(self, rig: Rig) -> None:
        """A server that stops still says what it owes, and goodbye."""

        async def check() -> None:
            post = Post(rig.listener())
            await post.open()
            near, far = await rig.call(post)
            await post.close()
            try:
                far.transport.write(b"goodbye")
                assert await near.read(7) == b"goodbye"
                near.transport.write(b"and you")
                assert await far.read(7) == b"and you"
            finally:
                await hang_up(near, far)

        self.run(check())

    def test_closing_gives_back_every_descriptor(self, rig: Rig) -> None:
        """A daemon starts and stops servers for months."""
        self.see_descriptors()

        async def check() -> None:
            await rig.once()  # what is made once a process is no leak
            before = sight.descriptors()
            await rig.once()
            left = sight.opened(before)
            assert not left, f"expected none left open, found {left}"

        self.run(check())

    def test_closing_leaves_no_listening_socket(self, rig: Rig) -> None:
        """By the kernel's word: nothing that this process has listens."""
        self.see_descriptors()

        async def check() -> None:
            before = sight.listening(sight.descriptors())
            await rig.once()
            after = sight.listening(sight.descriptors())
            assert after == before, (
                f"expected {before} to listen as before, found {after}"
            )

        self.run(check())

    def test_closing_removes_what_opening_made(self, rig: Rig) -> None:
        """A file that is left looks like a server that lives."""

        async def check() -> None:
            await rig.once()
            left = rig.files()
            assert not left, f"expected an empty socket_dir, found {left}"

        self.run(check())

    def test_files_says_whether_it_leaves_any_while_open(
        self, rig: Rig
    ) -> None:
        """What has a file can be watched, backed up, and left by a crash."""

        async def seen() -> set[str]:
            async with posted(rig.listener()):
                return rig.files()

        found = self.run(seen())
        shown = f"in socket_dir while it was open: {sorted(found) or 'none'}"
        self.claimed("files", present=bool(found), shown=shown)

    def test_closing_twice_is_harmless(self, rig: Rig) -> None:
        """Error paths close what may be closed already."""

        async def check() -> None:
            post = Post(rig.listener())
            await post.open()
            await post.close()
            await post.close()

        self.run(check())

    def test_closing_what_is_gone_already_is_harmless(self, rig: Rig) -> None:
        """Somebody cleaned the folder meanwhile; stopping still works."""
        self.need("files")

        async def check() -> None:
            async with posted(rig.listener()):
                for name in sorted(rig.files(), reverse=True):
                    path = rig.folder / name
                    path.rmdir() if path.is_dir() else path.unlink()

        self.run(check())

    def test_it_opens_again_at_once(self, rig: Rig) -> None:
        """A restart waits for nothing, though clients were there."""

        async def check() -> None:
            listener = rig.listener()
            for _ in range(3):
                async with posted(listener) as post:
                    near, far = await rig.call(post)
                    far.transport.close()
                    await near.end()
                    near.transport.close()
                    await near.gone()

        self.run(check())

    def test_another_one_opens_at_once_where_it_closed(self, rig: Rig) -> None:
        """A program that is restarted has new objects."""

        async def check() -> None:
            for _ in range(3):
                async with posted(rig.listener()) as post:
                    await rig.call(post)

        self.run(check())

    def test_what_it_hands_over_does_not_block(self, rig: Rig) -> None:
        """A loop that waits in `accept` serves nobody."""
        self.need("sockets")

        async def check() -> None:
            listener = cast("SocketListener", rig.listener())
            sockets = listener.open(8)
            try:
                assert sockets, "expected a socket at least, found none"
                for sock in sockets:
                    assert sock.getblocking() is False, (
                        f"expected a socket that does not block, found {sock}"
                    )
                    assert sight.listens(sock), (
                        f"expected a socket that listens, found {sock}"
                    )
            finally:
                listener.close()

        self.run(check())
