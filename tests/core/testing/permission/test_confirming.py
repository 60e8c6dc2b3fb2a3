"""What the checks of a server's proof catch."""

from __future__ import annotations

import hmac

import pytest
from sound_permissions import SECRET, SecretGate, secret

from plugwire import Denied
from plugwire.testing import PermissionSuite


class Trusting(SecretGate):
    """Believes every server."""

    def confirm(self, peer, welcome, hello, joined): ...


class Present(SecretGate):
    """Any proof will do, where there is one."""

    def confirm(self, peer, welcome, hello, joined):
        if not joined["proof"].get(self.name):
            raise Denied("the server gave no proof at all")


class Early(SecretGate):
    """Believes before it has proved anything."""

    def confirm(self, peer, welcome, hello, joined):
        self.proved = True
        super().confirm(peer, welcome, hello, joined)


class Echoed(SecretGate):
    """Believes its own proof, too."""

    def confirm(self, peer, welcome, hello, joined):
        if joined["proof"] != hello["proof"]:
            super().confirm(peer, welcome, hello, joined)


class Scribbling(SecretGate):
    """Uses the nonce up."""

    def prove(self, peer, welcome, hello):
        own = super().prove(peer, welcome, hello)
        hello.pop("nonce")
        return own


class Tidying(SecretGate):
    """Takes the proof away that it has seen."""

    def confirm(self, peer, welcome, hello, joined):
        super().confirm(peer, welcome, hello, joined)
        joined["proof"].pop(self.name)


class Nonceless(SecretGate):
    """Takes what nonce there is, or none."""

    def make(self, side, welcome, hello):
        text = "|".join((side, str(hello["nonce"]), self.endpoint))
        return hmac.digest(self.secret.encode(), text.encode(), "sha256").hex()


@pytest.mark.parametrize(
    ("by", "gate"),
    [
        ("test_a_server_that_proves_nothing_is_left", Trusting),
        ("test_a_server_of_another_secret_is_left", Present),
        ("test_a_servers_proof_that_was_changed_is_not_believed", Present),
        ("test_a_servers_proof_is_for_one_handshake", Present),
        ("test_the_clients_own_proof_is_not_believed", Echoed),
        ("test_what_is_no_proof_is_not_believed", Trusting),
        ("test_who_has_proved_nothing_confirms_nothing", Early),
        ("test_a_false_server_gets_nothing_of_use", Nonceless),
    ],
)
def test_a_broken_one_is_caught(caught, by, gate) -> None:
    said = caught(PermissionSuite, secret(gate), by=by, **SECRET)
    assert "was let in" in said


@pytest.mark.parametrize(
    ("gate", "act"), [(Scribbling, "prove"), (Tidying, "confirm")]
)
def test_one_that_changes_what_was_said_is_caught(caught, gate, act) -> None:
    by = "test_a_client_leaves_what_was_said_as_it_was"
    said = caught(PermissionSuite, secret(gate), by=by, **SECRET)
    assert f"{act} made" in said
