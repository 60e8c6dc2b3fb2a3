"""What the checks of who is let in catch."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sound_permissions import OWN, SECRET, OwnGate, SecretGate, gated, secret

from plugwire import Denied
from plugwire.testing import PermissionSuite


class Yes(SecretGate):
    """Answers with True, which is a no."""

    def admit(self, peer, welcome, hello):
        super().admit(peer, welcome, hello)
        return True


class Remembering(SecretGate):
    """Keeps the last handshake of its own, where others are under way."""

    def admit(self, peer, welcome, hello):
        self.last = getattr(self, "last", welcome)
        return super().admit(peer, self.last, hello)


class Spent(SecretGate):
    """Proves once."""

    def prove(self, peer, welcome, hello):
        if self.proved:
            raise Denied("it has proved it once already")
        return super().prove(peer, welcome, hello)


class Started(SecretGate):
    """A second start is another secret."""

    starts = 0

    def prepare(self):
        super().prepare()
        self.starts += 1
        self.endpoint += "" if self.starts == 1 else "!"


class Scribbling(OwnGate):
    def admit(self, peer, welcome, hello):
        super().admit(peer, welcome, hello)
        hello["proof"] = {}
        hello["uid"] = peer.uid


class Reading(OwnGate):
    """Looks into a file for each peer."""

    def admit(self, peer, welcome, hello):
        Path(__file__).read_bytes()
        super().admit(peer, welcome, hello)


class Demanding(OwnGate):
    """Wants a nonce, though it needs no proof."""

    def admit(self, peer, welcome, hello):
        super().admit(peer, welcome, hello)
        if not hello.get("nonce"):
            raise Denied("a hello needs a nonce here")


class Wordless(OwnGate):
    def admit(self, peer, welcome, hello):
        if peer.uid != os.geteuid():
            raise PermissionError(peer.uid)


class Unknown(OwnGate):
    """Who is not known may come in."""

    def admit(self, peer, welcome, hello):
        if peer.uid is not None:
            super().admit(peer, welcome, hello)


class Modulo(OwnGate):
    """As the kernel would count, it thinks."""

    def admit(self, peer, welcome, hello):
        if peer.uid is None or 0 <= peer.uid < 2**31:
            super().admit(peer, welcome, hello)


class Believing(OwnGate):
    def admit(self, peer, welcome, hello):
        if hello.get("uid") != os.geteuid():
            super().admit(peer, welcome, hello)


class Addressed(OwnGate):
    def admit(self, peer, welcome, hello):
        if f"uid {os.geteuid()} " not in peer.address:
            super().admit(peer, welcome, hello)


@pytest.mark.parametrize(
    ("by", "gate"),
    [
        ("test_a_friend_is_let_in", Yes),
        ("test_many_clients_do_not_meet", Remembering),
        ("test_a_client_comes_back", Spent),
        ("test_a_server_starts_again", Started),
    ],
)
def test_a_broken_proof_is_caught(caught, by, gate) -> None:
    assert caught(PermissionSuite, secret(gate), by=by, **SECRET)


@pytest.mark.parametrize(
    ("by", "gate"),
    [
        ("test_what_was_said_is_not_changed", Scribbling),
        ("test_admitting_does_no_input_or_output", Reading),
        ("test_the_least_hello_is_enough", Demanding),
        ("test_a_stranger_is_told_why", Wordless),
        ("test_who_is_nobody_is_a_stranger", Unknown),
        ("test_who_is_nobody_is_a_stranger", Modulo),
        ("test_what_a_peer_says_of_itself_is_not_believed", Believing),
        ("test_an_address_is_no_identity", Addressed),
    ],
)
def test_a_broken_gate_is_caught(caught, by, gate) -> None:
    assert caught(PermissionSuite, gated(gate), by=by, capabilities=OWN)
