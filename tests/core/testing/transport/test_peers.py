"""Transports that say who is there, and are wrong."""

from __future__ import annotations

import os

import pytest
from msgspec.structs import replace

from plugwire import hookimpl
from plugwire.interfaces import Peer
from plugwire.memory import Memory, MemoryConnector, MemoryListener
from plugwire.testing import TransportSuite
from plugwire_tcp import Tcp
from plugwire_unix import Unix

IDENTITY = ["identity"]
CLIENT = "test_identity_is_the_kernels_word_for_the_client"
SERVER = "test_identity_is_the_kernels_word_for_the_server"


def changed(plugin, side, change):
    """`plugin`, whose peers went through `change` on that side."""
    hook, method = {
        "server": ("bind", "accepted"),
        "client": ("connect", "connected"),
    }[side]

    class Changed(plugin):
        pass

    def answer(self, endpoint, socket_dir, context):
        given = (endpoint, socket_dir) if plugin is Unix else ()
        end = getattr(super(Changed, self), hook)(*given)
        real = getattr(end, method)
        setattr(end, method, lambda *a, **k: change(real(*a, **k)))
        return end

    answer.__name__ = hook
    setattr(Changed, hook, hookimpl(answer))
    return Changed


@pytest.mark.parametrize("word", ["uid", "gid", "pid"])
def test_a_lie_about_the_client_is_caught(caught, word) -> None:
    liar = changed(Unix, "server", lambda peer: replace(peer, **{word: 4242}))
    said = caught(TransportSuite, liar, by=CLIENT, capabilities=IDENTITY)
    assert "4242" in said


def test_a_lie_about_the_server_is_caught(caught) -> None:
    liar = changed(Unix, "client", lambda peer: replace(peer, uid=4242))
    said = caught(TransportSuite, liar, by=SERVER, capabilities=IDENTITY)
    assert "the client sees in its server" in said


def test_a_guess_where_the_kernel_is_silent_is_caught(caught) -> None:
    guess = changed(
        Tcp, "server", lambda peer: replace(peer, uid=os.geteuid())
    )
    said = caught(TransportSuite, guess, by=CLIENT)
    assert "expected None where the kernel does not say" in said


def test_wrong_claims_of_identity_are_found(caught) -> None:
    said = caught(TransportSuite, Unix, by=CLIENT)
    assert "has 'identity' and does not claim it" in said
    said = caught(TransportSuite, Tcp, by=CLIENT, capabilities=IDENTITY)
    assert "claims 'identity'" in said


@pytest.mark.parametrize(
    "peer",
    [
        None,
        Peer(transport="unix", address=""),
        Peer(transport="un\0ix", address="here"),
    ],
)
def test_a_peer_that_cannot_be_shown_is_caught(caught, peer) -> None:
    for side in ("server", "client"):
        odd = changed(Unix, side, lambda _: peer)
        caught(TransportSuite, odd, by=f"test_the_{side}_sees_a_peer")


@pytest.mark.parametrize("side", ["server", "client"])
def test_a_stream_that_tells_its_factory_nothing_is_caught(
    verdicts, side
) -> None:
    """In words, by every check that looks at the peer."""

    class Mute(MemoryListener):
        async def start(self, factory, *, small):
            await super().start(lambda _: factory(None), small=small)

    class Dumb(MemoryConnector):
        async def connect(self, factory, told):
            return await super().connect(lambda _: factory(None), told)

    class Nobody(Memory):
        @hookimpl
        def bind(self, endpoint, socket_dir):
            kind = Mute if side == "server" else MemoryListener
            return kind(endpoint, socket_dir)

        @hookimpl
        def connect(self, endpoint, socket_dir):
            kind = Dumb if side == "client" else MemoryConnector
            return kind(endpoint, socket_dir)

    for check in (
        f"test_the_{side}_sees_a_peer",
        CLIENT if side == "server" else SERVER,
        "test_its_name_on_the_wire_is_a_plugins_name",
    ):
        ended = verdicts(TransportSuite, Nobody, only=check)
        assert "expected a Peer for each connection" in ended[check], check


def test_a_factory_that_is_called_twice_is_caught(caught) -> None:
    class Eager(MemoryListener):
        async def start(self, factory, *, small):
            def twice(peer):
                factory(peer)
                end = factory(peer)
                made = end.connection_made
                end.connection_made = lambda t: (made(t), made(t))
                return end

            await super().start(twice, small=small)

    class Doubling(Memory):
        @hookimpl
        def bind(self, endpoint, socket_dir):
            return Eager(endpoint, socket_dir)

    caught(
        TransportSuite, Doubling, by="test_each_connection_has_one_protocol"
    )
