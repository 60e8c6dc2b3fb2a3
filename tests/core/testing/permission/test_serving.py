"""What the checks of whole servers catch."""

from __future__ import annotations

import itertools

import pytest
from sound_permissions import (
    OWN,
    SECRET,
    OwnGate,
    Quiet,
    SecretGate,
    gated,
    secret,
)

from plugwire import Denied
from plugwire.interfaces import ALLOW, Deny
from plugwire.testing import PermissionSuite


class Once(OwnGate):
    """One start is all it knows."""

    starts = 0

    def prepare(self):
        self.starts += 1
        if self.starts > 1:
            raise Denied("it has been prepared before")


class Named(OwnGate):
    """Cannot stand beside the kit's gate."""

    name = "kit"


class Fickle(Quiet):
    """Every other answer is another."""

    numbers = itertools.count()

    def check(self, peer, verb, subject):
        if verb == "send" and next(self.numbers) % 2:
            return Deny("it is not your turn")
        return ALLOW


class Trusting(SecretGate):
    def judge(self, said, expected, who): ...


class Curt(SecretGate):
    def judge(self, said, expected, who):
        try:
            super().judge(said, expected, who)
        except Denied:
            raise Denied("no") from None


class Believing(SecretGate):
    def confirm(self, peer, welcome, hello, joined): ...


class Unsaid(SecretGate):
    """Wants a proof, and says that it needs none."""

    needs_proof = False


FALSE = "test_a_false_server_is_left"
WITHOUT = "test_who_does_not_have_it_is_refused_in_words"


@pytest.mark.parametrize(
    ("by", "plugin", "claims"),
    [
        ("test_a_friend_joins_and_hears", gated(Once), OWN),
        ("test_it_stands_beside_others", gated(Named), OWN),
        ("test_the_server_does_as_the_check_says", Fickle, ("check",)),
    ],
)
def test_a_broken_one_is_caught(caught, by, plugin, claims) -> None:
    assert caught(PermissionSuite, plugin, by=by, capabilities=claims)


@pytest.mark.parametrize(
    ("by", "gate"),
    [
        (WITHOUT, Trusting),
        (WITHOUT, Curt),
        (FALSE, Believing),
        ("test_a_plain_door_has_it_if_it_can", Unsaid),
    ],
)
def test_a_broken_proof_is_caught(caught, by, gate) -> None:
    assert caught(PermissionSuite, secret(gate), by=by, **SECRET)
