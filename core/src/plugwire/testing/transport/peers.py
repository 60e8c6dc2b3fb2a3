"""Who is at the other end, in the transport's word."""

from __future__ import annotations

import os
from collections.abc import Callable

from plugwire.interfaces import Peer
from plugwire.testing.transport.base import Rig, TransportBase
from plugwire.testing.transport.posts import posted


class Peers(TransportBase):
    """What gates and rules judge by, and logs name."""

    def test_the_server_sees_a_peer(self, rig: Rig) -> None:
        """Gates and rules judge by it, logs name it."""

        async def check() -> None:
            async with rig.connected() as (_, far):
                assert isinstance(far.peer, Peer)

        self.run(check())

    def test_the_client_sees_a_peer(self, rig: Rig) -> None:
        """A client may ask who serves before it says anything secret."""

        async def check() -> None:
            async with rig.connected() as (near, _):
                assert isinstance(near.peer, Peer)

        self.run(check())

    def test_identity_is_the_kernels_word_for_the_client(
        self, rig: Rig
    ) -> None:
        """The permission `peer` lets in by uid: a wrong one is a hole."""

        async def seen() -> Peer:
            async with rig.connected() as (_, far):
                return far.peer

        self._identity(self.run(seen()), "the server sees in its client")

    def test_identity_is_the_kernels_word_for_the_server(
        self, rig: Rig
    ) -> None:
        """A client knows by it that nobody sits at its server's place."""

        async def seen() -> Peer:
            async with rig.connected() as (near, _):
                return near.peer

        self._identity(self.run(seen()), "the client sees in its server")

    def test_each_connection_has_one_protocol(self, rig: Rig) -> None:
        """`factory` is called once for each peer, by either side."""

        async def check() -> None:
            async with posted(rig.listener()) as post:
                pairs = [await rig.call(post) for _ in range(3)]
                nears, fars = zip(*pairs, strict=True)
                assert len(set(fars)) == len(post.ends) == 3, (
                    f"expected 3 connections, found {len(post.ends)}"
                )
                for end in (*nears, *fars):
                    found = end.calls.count("connection_made")
                    assert found == 1, (
                        f"expected connection_made once, found {found}"
                    )
                    protocol = end.transport.get_protocol()
                    assert protocol is end, (
                        f"expected the protocol made, found {protocol}"
                    )
                assert not post.failures, post.failures

        self.run(check())

    def _identity(self, peer: Peer, whose: str) -> None:
        own = (_id("geteuid"), _id("getegid"), os.getpid())
        found = (peer.uid, peer.gid, peer.pid)
        shown = f"{whose} (uid, gid, pid) = {found}, and it is {own}"
        if "identity" not in self.capabilities:
            nothing = found == (None, None, None) and not peer.groups
            assert nothing or found == own, (
                f"expected None where the kernel does not say: {shown}"
            )
        self.claimed("identity", present=found == own, shown=shown)


def _id(function: str) -> int | None:
    """This process's, or None where the system has none."""
    asked: Callable[[], int | None] = getattr(os, function, lambda: None)
    return asked()
