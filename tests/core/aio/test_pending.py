"""Who has not joined waits for each other, up to a limit."""

from __future__ import annotations

import asyncio
import socket
from typing import cast

import pytest

from plugwire.aio.host import Guest
from plugwire.aio.pending import SPARED, Pending
from plugwire.errors import PlugwireError
from plugwire.handshake import HandshakeRefused


class Peer:
    """A connection that is turned away, and then is drained."""

    def __init__(
        self, pending: Pending, sock: socket.socket | None = None
    ) -> None:
        self.refused: PlugwireError | None = None
        self.pending = pending
        self.guest = cast("Guest", self)
        if sock is not None:
            pending.becomes(sock, self.guest)
        pending.opened(self.guest)

    def refuse(self, error: PlugwireError) -> None:
        self.refused = error
        self.pending.drained(self.guest)


class Hall:
    """Room for three, a clock, and who is in."""

    def __init__(self) -> None:
        self.time = 0.0
        self.pending = Pending(3, lambda: self.time)
        self.peers: list[Peer] = []

    def come(self, count: int = 1) -> None:
        for _ in range(count):
            sock = cast("socket.socket", object())
            self.pending.begin(sock)
            self.pending.make_room()
            self.peers.append(Peer(self.pending, sock))
            self.time += 0.01

    @property
    def gone(self) -> list[int]:
        return [at for at, peer in enumerate(self.peers) if peer.refused]


async def test_nobody_goes_while_there_is_room() -> None:
    hall = Hall()
    hall.come(3)
    hall.time += SPARED
    assert len(hall.pending) == 3
    assert hall.gone == []


async def test_who_is_being_made_counts_once() -> None:
    """Three come at once, and a slow loop makes them connections much
    later."""
    hall = Hall()
    socks = [cast("socket.socket", object()) for _ in range(3)]
    for sock in socks:
        hall.pending.begin(sock)
        hall.pending.make_room()
    for sock in socks:
        hall.peers.append(Peer(hall.pending, sock))
        assert len(hall.pending) == 3
        hall.time += SPARED
        hall.pending.make_room()
    for sock, peer in zip(socks, hall.peers, strict=True):
        hall.pending.failed(sock)
        hall.pending.failed(peer.guest)
    assert hall.gone == []
    assert len(hall.pending) == 3


async def test_the_oldest_silent_one_goes() -> None:
    hall = Hall()
    hall.come(3)
    hall.pending.heard(hall.peers[0].guest)
    hall.time += SPARED
    assert hall.pending.has_room
    hall.come()
    assert hall.gone == [1]
    error = hall.peers[1].refused
    assert isinstance(error, HandshakeRefused)
    assert error.kind == "busy"
    assert "pending_connections = 3" in str(error)
    hall.pending.discard(hall.peers[1].guest)
    assert len(hall.pending) == 3
    hall.come()
    assert hall.gone == [1, 2]


async def test_who_has_just_come_is_spared() -> None:
    hall = Hall()
    hall.come(3)
    assert not hall.pending.has_room
    hall.come()  # another socket of the same door took it
    assert hall.gone == []
    hall.time += SPARED
    assert hall.pending.cut(64) == 4
    assert hall.gone == [0, 1, 2, 3]
    assert hall.pending.cut(64) == 0


@pytest.mark.parametrize("state", ["heard", "drained"])
async def test_who_has_said_hello_or_is_drained_stays(state: str) -> None:
    hall = Hall()
    hall.come(3)
    for peer in hall.peers:
        getattr(hall.pending, state)(peer.guest)
    hall.time += 10 * SPARED
    assert len(hall.pending) == 3
    assert not hall.pending.has_room
    hall.come()
    assert hall.gone == []


async def test_it_waits_until_somebody_has_left() -> None:
    hall = Hall()
    hall.come(3)
    for peer in hall.peers:
        hall.pending.heard(peer.guest)
    waiting = asyncio.create_task(hall.pending.room())
    sock = cast("socket.socket", object())
    hall.pending.begin(sock)
    hall.pending.failed(sock)  # wakes it, and is no room
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not waiting.done()
    hall.pending.discard(hall.peers[1].guest)
    await asyncio.wait_for(waiting, 20)


async def test_it_waits_until_the_oldest_had_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("plugwire.aio.pending.SPARED", 0.05)
    loop = asyncio.get_running_loop()
    pending = Pending(1, loop.time)
    Peer(pending)
    assert not pending.has_room
    await asyncio.wait_for(pending.room(), 20)
    # Where nobody is silent yet, it hears of who will be.
    pending = Pending(1, loop.time)
    pending.begin(cast("socket.socket", object()))
    waiting = asyncio.create_task(pending.room())
    await asyncio.sleep(0)
    Peer(pending)
    await asyncio.wait_for(waiting, 20)
