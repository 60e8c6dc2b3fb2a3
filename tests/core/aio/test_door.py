"""A door keeps to its limits."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from plugwire import Client, Server
from plugwire.aio.accept import Acceptor


def path(server: Server) -> str:
    return server.addresses["main"].removeprefix("unix:")


async def test_pending_connections_wait_in_the_backlog(
    told: dict[str, Any],
) -> None:
    async with Server("load", pending_connections=2, **told) as server:
        silent = [
            await asyncio.open_unix_connection(path(server)) for _ in range(2)
        ]
        for reader, _ in silent:
            await reader.readline()
        client = Client("load", **told)
        connecting = asyncio.create_task(client.connect())
        for _ in range(20):
            await asyncio.sleep(0)
        assert not connecting.done()
        for _, writer in silent:
            writer.close()
        await connecting
        assert client.connected
        await client.disconnect()


async def test_who_waits_in_the_backlog_costs_no_turns(
    told: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    woken = 0

    class Counted(Acceptor):
        __slots__ = ()

        def _readable(self) -> None:
            nonlocal woken
            woken += 1
            super()._readable()

    monkeypatch.setattr("plugwire.aio.door.Acceptor", Counted)
    async with Server("load", pending_connections=1, **told) as server:
        await asyncio.sleep(0)  # nobody is there yet: it waits
        reader, writer = await asyncio.open_unix_connection(path(server))
        await reader.readline()
        _, other = await asyncio.open_unix_connection(path(server))
        seen = woken
        assert seen
        for _ in range(20):
            await asyncio.sleep(0)
        assert woken == seen
        writer.close()
        other.close()


async def test_no_descriptors_left_is_logged_and_passes(
    told: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    accept, troubles = socket.socket.accept, [errno.EMFILE, errno.ECONNABORTED]

    def scarce(sock: socket.socket) -> Any:
        if troubles:
            raise OSError(troubles[0], os.strerror(troubles.pop(0)))
        return accept(sock)

    monkeypatch.setattr(socket.socket, "accept", scarce)
    monkeypatch.setattr("plugwire.aio.door.EXHAUSTED_PAUSE", 0.01)
    async with Server("load", **told) as server, Client("load", **told):
        assert server.has_clients
    assert "cannot accept" in caplog.text
    assert "ulimit -n" in caplog.text
    assert troubles == []


async def test_where_descriptors_lack_silent_peers_go(
    told: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else half-open connections could take them all, below their limit."""
    accept, troubles = socket.socket.accept, [0, 0]

    def scarce(sock: socket.socket) -> Any:
        if troubles[0] and troubles.pop(0):
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return accept(sock)

    monkeypatch.setattr(socket.socket, "accept", scarce)
    monkeypatch.setattr("plugwire.aio.pending.SPARED", 0.0)
    async with Server("load", **told) as server:
        reader, writer = await asyncio.open_unix_connection(path(server))
        await reader.readline()
        assert server.stats.refused == 0
        troubles[0] = 1
        async with Client("load", **told):
            refusal = json.loads(await reader.readline())
            assert "others wait" in refusal["refused"]
            assert await reader.read() == b""
        assert server.stats.refused == 1
        writer.close()


async def test_a_crowd_that_says_nothing_makes_room(
    told: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugwire.aio.pending.SPARED", 0.0)
    async with Server("load", pending_connections=2, **told) as server:
        crowd = [
            await asyncio.open_unix_connection(path(server)) for _ in range(2)
        ]
        for reader, _ in crowd:
            await reader.readline()
        async with Client("load", **told):
            assert server.has_clients
        refusal = json.loads(await crowd[0][0].readline())
        assert refusal["kind"] == "busy"
        assert "pending_connections = 2" in refusal["refused"]
        for _, writer in crowd:
            writer.close()


async def test_a_peer_that_is_gone_before_it_is_looked_at(
    told: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "plugwire")
    from plugwire_unix.listener import UnixListener

    accepted, troubles = UnixListener.accepted, [OSError("gone")]

    def picky(self: Any, sock: socket.socket, *, small: bool) -> Any:
        if troubles:
            raise troubles.pop()
        return accepted(self, sock, small=small)

    monkeypatch.setattr(UnixListener, "accepted", picky)
    async with Server("load", **told) as server:
        reader, writer = await asyncio.open_unix_connection(path(server))
        assert await reader.read() == b""
        writer.close()
        async with Client("load", **told):
            assert server.has_clients
    assert "went away at once" in caplog.text


async def test_more_than_a_turns_accepts_are_all_taken(
    told: dict[str, Any],
) -> None:
    files = len(list(Path("/proc/self/fd").iterdir()))
    async with Server("load", **told) as server:
        socks = []
        for _ in range(150):
            sock = socket.socket(socket.AF_UNIX)
            sock.connect(path(server))
            socks.append(sock)
        async with Client("load", **told):
            assert server.has_clients
        for sock in socks:
            sock.close()
    await asyncio.sleep(0)
    assert len(list(Path("/proc/self/fd").iterdir())) <= files + 1
