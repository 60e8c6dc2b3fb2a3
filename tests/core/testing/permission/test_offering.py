"""What the checks of the hooks and of the claims catch."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from sound_permissions import (
    GATE,
    OWN,
    SECRET,
    OwnGate,
    Quiet,
    SecretGate,
    gated,
    secret,
)

from plugwire import hookimpl
from plugwire.testing import PermissionSuite
from plugwire.testing.companions import OpenGate

NUMBERS = itertools.count()


class Nameless(OwnGate):
    name = ""


class Long(OwnGate):
    name = "x" * 65


class Renamed(OwnGate):
    def __init__(self):
        self.name = f"own{next(NUMBERS)}"


class Open(OpenGate):
    def __init__(self):
        super().__init__("open")


class Lying(OwnGate):
    """It says that it wants a proof."""

    needs_proof = True


class Both:
    @hookimpl
    def accept(self):
        return OwnGate()

    @hookimpl
    def queue(self):
        return self


class Reading:
    @hookimpl
    def accept(self):
        Path(__file__).read_bytes()
        return OwnGate()


class OneSided:
    @hookimpl
    def accept(self, context):
        gate = OwnGate()
        gate.needs_proof = context.side == "server"
        return gate


@pytest.mark.parametrize(
    ("by", "plugin", "claims"),
    [
        ("test_a_server_is_composed_with_it", gated(Nameless), OWN),
        ("test_it_answers_hooks_of_a_permission_only", Both, OWN),
        ("test_it_has_a_gate_if_it_says_so", Quiet, ("gate", "check")),
        ("test_it_has_a_gate_if_it_says_so", gated(), ("identity",)),
        ("test_it_has_a_check_if_it_says_so", gated(), (*OWN, "check")),
        ("test_it_has_a_check_if_it_says_so", Quiet, ()),
        ("test_its_gate_has_a_name", gated(Long), OWN),
        ("test_its_gate_has_a_name", gated(Renamed), OWN),
        ("test_both_sides_agree_on_the_proof", OneSided, OWN),
        ("test_it_wants_a_proof_if_it_says_so", gated(), (*OWN, "proof")),
        ("test_it_wants_a_proof_if_it_says_so", gated(Lying), GATE),
        ("test_it_goes_by_the_peer_if_it_says_so", gated(), ("gate",)),
        ("test_it_goes_by_the_peer_if_it_says_so", gated(Open), OWN),
        (
            "test_it_is_open_to_everyone_if_it_says_so",
            gated(),
            (*OWN, "everyone"),
        ),
        ("test_it_is_open_to_everyone_if_it_says_so", gated(Open), ("gate",)),
        ("test_making_it_does_no_input_or_output", Reading, OWN),
    ],
)
def test_a_broken_one_is_caught(caught, by, plugin, claims) -> None:
    assert caught(PermissionSuite, plugin, by=by, capabilities=claims)


def test_a_proof_that_is_not_claimed_is_caught(caught) -> None:
    by = "test_it_wants_a_proof_if_it_says_so"
    own = {**SECRET, "capabilities": ("gate",)}
    assert caught(PermissionSuite, secret(SecretGate), by=by, **own)
