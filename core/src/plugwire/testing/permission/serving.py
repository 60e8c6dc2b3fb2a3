"""The permission in whole servers and clients, over `memory`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from plugwire.errors import ConfigurationError, Denied
from plugwire.interfaces import ALLOW, Check, Gate, Peer, Subject, Verb
from plugwire.testing.asking import hooks
from plugwire.testing.companions import Welcoming
from plugwire.testing.permission.base import PermissionBase
from plugwire.testing.pipes import EVENT, Pipes, take


class Serving(PermissionBase):
    """What a user sees of it. `memory` says that the peer is ourselves."""

    def test_a_friend_joins_and_hears(
        self, section: Mapping[str, Any], pipes: Pipes
    ) -> None:
        """With it on both sides all is as without it."""
        self.need("gate")

        async def scenario() -> None:
            server = pipes.server(permissions=(self.make(section),))
            for _ in range(2):  # it starts again, too
                async with (
                    server,
                    pipes.client(permissions=(self.make(section),)) as client,
                ):
                    if not self._may(section, pipes, "receive"):
                        return
                    server.broadcast({"n": 1})
                    (came,) = await take(client, 1)
                    assert came.data == {"n": 1}

        self.run(scenario())

    def test_the_server_does_as_the_check_says(
        self, section: Mapping[str, Any], pipes: Pipes
    ) -> None:
        """What the check answers is what happens."""
        self.need("check")
        guards = self.guards(self.make(section))

        async def scenario() -> None:
            async with pipes.server(permissions=guards) as server:
                own = self.guards(self.make(section))
                client = pipes.client(permissions=own)
                if not self._may(section, pipes, "connect"):
                    with pytest.raises(Denied):
                        await client.connect()
                    return
                async with client:
                    may_send = self._may(section, pipes, "send")
                    assert client.can_send is may_send, (
                        f"can_send is {client.can_send}, and the check says "
                        f"{may_send}"
                    )
                    hears = server.broadcast({"n": 1}) == 1
                    may_hear = self._may(section, pipes, "receive")
                    assert hears is may_hear, (
                        f"the client hears: {hears}; the check says {may_hear}"
                    )

        self.run(scenario())

    def test_who_does_not_have_it_is_refused_in_words(
        self, section: Mapping[str, Any], pipes: Pipes
    ) -> None:
        """The client is told what is missing, and the server goes on."""
        self.need("proof")

        async def scenario() -> None:
            mine = self.make(section)
            async with pipes.server(permissions=(mine,)) as server:
                for _ in range(3):
                    with pytest.raises(Denied) as refused:
                        await pipes.client().connect()
                    assert len(refused.value.reason.split()) > 2, (
                        f"why, in words: {refused.value}"
                    )
                    assert not server.clients
                theirs = self.make(section)
                async with pipes.client(permissions=(theirs,)):
                    assert len(server.clients) == 1

        self.run(scenario())

    def test_a_false_server_is_left(
        self,
        section: Mapping[str, Any],
        gate: Callable[..., Gate],
        pipes: Pipes,
    ) -> None:
        """Somebody else answers at the address, and lets everyone in."""
        self.need("proof")
        right = gate("server")
        right.prepare()  # there is something to prove with

        async def scenario() -> None:
            false = Welcoming(right.name)
            async with pipes.server(permissions=(false,)) as server:
                client = pipes.client(permissions=(self.make(section),))
                with pytest.raises(Denied):
                    await client.connect()
                assert not client.connected
                server.broadcast({"n": 1})
                assert client.buffered == 0

        self.run(scenario())

    def test_a_plain_door_has_it_if_it_can(
        self, instance: Any, pipes: Pipes
    ) -> None:
        """A plain door has no handshake, so no proof can be asked for there:
        core says so before it opens."""
        door = {"main": {"plain": True}}
        guards = self.guards(instance)
        if "proof" in self.capabilities:
            with pytest.raises(ConfigurationError, match="proof"):
                pipes.pipeline(listen=door, permissions=guards)
        else:
            pipes.pipeline(listen=door, permissions=guards)

    def test_it_stands_beside_others(
        self, section: Mapping[str, Any], pipes: Pipes
    ) -> None:
        """All gates and all checks of a door are asked: none stands in
        another's way."""
        self.need("gate")

        async def scenario() -> None:
            mine = (Welcoming(), self.make(section))
            theirs = (self.make(section), Welcoming())
            async with (
                pipes.server(permissions=mine) as server,
                pipes.client(permissions=theirs),
            ):
                assert len(server.clients) == 1

        self.run(scenario())

    def _may(
        self, section: Mapping[str, Any], pipes: Pipes, verb: Verb
    ) -> bool:
        """What the check, if there is one, says of ourselves."""
        from plugwire.testing.asking import ask

        plugin = self.make(section)
        if "authorize" not in hooks(plugin):
            return True
        check: Check = ask(plugin, "authorize", pipes.context("server"))
        peer = Peer(
            transport="memory",
            address=f"memory:{EVENT}",
            uid=os.geteuid(),
            gid=os.getegid(),
            pid=os.getpid(),
        )
        return check(peer, verb, Subject(EVENT)) is ALLOW
