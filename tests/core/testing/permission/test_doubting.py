"""What the injected faults catch."""

from __future__ import annotations

import contextlib
import hmac

import pytest
from sound_permissions import OWN, SECRET, OwnGate, SecretGate, gated, secret

from plugwire.testing import PermissionSuite
from plugwire.testing.companions import OpenGate


class Swallowing(SecretGate):
    """What goes wrong on the way to a no is no no."""

    def judge(self, said, expected, who):
        with contextlib.suppress(KeyError, TypeError, AttributeError):
            super().judge(said, expected, who)


class Optional(SecretGate):
    """Where a nonce is wanting nothing is asked."""

    def admit(self, peer, welcome, hello):
        if welcome.get("nonce") and hello.get("nonce"):
            return super().admit(peer, welcome, hello)
        return ""


class Blank(SecretGate):
    """A missing nonce is an empty one."""

    def make(self, side, welcome, hello):
        nonces = [str(said.get("nonce") or "") for said in (welcome, hello)]
        text = "|".join((side, self.endpoint, str(len(nonces))))
        return hmac.digest(self.secret.encode(), text.encode(), "sha256").hex()


class Tired(SecretGate):
    """After some tries it gives in."""

    tries = 0

    def judge(self, said, expected, who):
        self.tries += 1
        if self.tries < 10:
            super().judge(said, expected, who)


class Sticky(SecretGate):
    """Once open it stays open."""

    opened = False

    def admit(self, peer, welcome, hello):
        if not self.opened:
            super().admit(peer, welcome, hello)
            self.opened = True
        return self.make("server", welcome, hello)


class Obliging(OwnGate):
    """Whoever asks questions may."""

    def admit(self, peer, welcome, hello):
        if hello["role"] != "control":
            super().admit(peer, welcome, hello)


class Backdoor(OwnGate):
    """One session is open to all."""

    def admit(self, peer, welcome, hello):
        if hello["session"] != "room":
            super().admit(peer, welcome, hello)


class Polite(OwnGate):
    """Who says nothing is not asked."""

    def admit(self, peer, welcome, hello):
        if hello and welcome:
            super().admit(peer, welcome, hello)


class Fragile(OpenGate):
    """Open to everyone, but for who says something odd."""

    def __init__(self):
        super().__init__("fragile")

    def admit(self, peer, welcome, hello):
        return hello["nonce"].upper()[:0]


@pytest.mark.parametrize(
    ("by", "gate"),
    [
        ("test_an_odd_hello_opens_nothing", Swallowing),
        ("test_an_odd_welcome_opens_nothing", Optional),
        ("test_a_hello_without_a_nonce_proves_nothing", Blank),
        ("test_two_wrong_proofs_are_no_right_one", Tired),
        ("test_a_friend_before_opens_nothing_for_the_next", Sticky),
    ],
)
def test_a_broken_proof_is_caught(caught, by, gate) -> None:
    said = caught(PermissionSuite, secret(gate), by=by, **SECRET)
    assert "was let in" in said


@pytest.mark.parametrize("gate", [Obliging, Backdoor])
def test_a_gate_that_goes_by_what_is_asked_for_is_caught(caught, gate) -> None:
    by = "test_what_a_stranger_asks_for_opens_nothing"
    said = caught(PermissionSuite, gated(gate), by=by, capabilities=OWN)
    assert "a stranger who wants to be a" in said


def test_a_gate_that_does_not_ask_is_caught(caught) -> None:
    by = "test_no_hello_at_all_opens_nothing"
    assert "was let in" in caught(
        PermissionSuite, gated(Polite), by=by, capabilities=OWN
    )


def test_an_open_gate_that_breaks_is_caught(caught) -> None:
    by, claims = "test_an_odd_hello_opens_nothing", ("gate", "everyone")
    assert caught(PermissionSuite, gated(Fragile), by=by, capabilities=claims)
