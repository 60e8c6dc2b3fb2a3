"""Peers, nonces and contexts that the tests of permissions share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from plugwire.interfaces import Context, Peer, Side

MakePeer = Callable[..., Peer]
MakeContext = Callable[..., Context]


@pytest.fixture
def make_peer() -> MakePeer:
    """Makes a peer of the transport unix; ourselves unless told."""

    def make(
        uid: int | None = os.geteuid(),
        gid: int | None = 4242,
        groups: tuple[int, ...] = (),
        transport: str = "unix",
    ) -> Peer:
        return Peer(
            transport=transport,
            address=f"{transport}:somewhere",
            uid=uid,
            gid=gid,
            pid=7,
            groups=groups,
        )

    return make


@pytest.fixture
def stranger() -> int:
    """A uid that is neither ours, root's nor nobody's."""
    return os.geteuid() + 12345


@pytest.fixture
def make_context(tmp_path: Path) -> MakeContext:
    """Makes a context whose socket folder does not exist yet."""

    def make(side: Side = "server", endpoint: str = "load") -> Context:
        event, _, door = endpoint.partition(".")
        return Context(
            side=side,
            event=event,
            door=door or "main",
            endpoint=endpoint,
            socket_dir=tmp_path / "run",
            max_message_bytes=1 << 20,
        )

    return make
