"""What the checks of a client's proof catch."""

from __future__ import annotations

import hmac

import pytest
from sound_permissions import SECRET, SecretGate, secret

from plugwire import Denied
from plugwire.testing import PermissionSuite
from plugwire.testing.permission.proving import changed


class Trusting(SecretGate):
    """Asks for a proof, and never looks at it."""

    def judge(self, said, expected, who): ...


class Present(SecretGate):
    """Any proof will do, where there is one."""

    def judge(self, said, expected, who):
        if not said.get("proof", {}).get(self.name):
            raise Denied(f"the {who} gave no proof at all")


class Prefix(SecretGate):
    """The beginning of it will do."""

    def judge(self, said, expected, who):
        found = said.get("proof", {}).get(self.name, "")
        if not found or not expected.startswith(found[:8]):
            raise Denied(f"the {who} does not know the secret here")


class Weak(SecretGate):
    """Leaves out of the proof what `forgets` says."""

    forgets = ""

    def make(self, side, welcome, hello):
        super().make(side, welcome, hello)
        parts = {
            "side": side,
            "welcome": welcome["nonce"],
            "hello": hello["nonce"],
            "endpoint": self.endpoint,
        }
        parts.pop(self.forgets, None)
        if self.forgets == "nonces":
            parts = {"side": side}
        text = "|".join(parts.values())
        return hmac.digest(self.secret.encode(), text.encode(), "md5").hex()


class Sideless(Weak):
    forgets = "side"


class Welcomeless(Weak):
    forgets = "welcome"


class Helloless(Weak):
    forgets = "hello"


class Endpointless(Weak):
    forgets = "endpoint"


class Password(Weak):
    forgets = "nonces"


class AnyName(SecretGate):
    """A proof of any gate will do."""

    def judge(self, said, expected, who):
        proofs = dict.fromkeys(
            [self.name], "".join(said.get("proof", {}).values())
        )
        super().judge({"proof": proofs}, expected, who)


class Lenient(SecretGate):
    """What is no proof is looked at no further."""

    def judge(self, said, expected, who):
        if isinstance(said.get("proof", {}), dict):
            found = said.get("proof", {}).get(self.name, "")
            if isinstance(found, str):
                super().judge(said, expected, who)


class Unprepared(SecretGate):
    def admit(self, peer, welcome, hello):
        self.key = b""
        return super().admit(peer, welcome, hello)


@pytest.mark.parametrize(
    ("by", "gate"),
    [
        ("test_who_proves_nothing_stays_out", Trusting),
        ("test_a_proof_of_another_secret_stays_out", Present),
        ("test_a_proof_that_was_changed_stays_out", Prefix),
        ("test_a_proof_for_another_welcome_stays_out", Welcomeless),
        ("test_a_proof_for_another_hello_stays_out", Helloless),
        ("test_a_proof_for_another_door_stays_out", Endpointless),
        ("test_the_servers_own_proof_stays_out", Sideless),
        ("test_a_proof_of_another_name_stays_out", AnyName),
        ("test_a_proof_is_made_anew", Password),
        ("test_what_is_no_proof_stays_out", Lenient),
        ("test_a_server_that_is_not_prepared_lets_nobody_in", Unprepared),
    ],
)
def test_a_broken_one_is_caught(caught, by, gate) -> None:
    said = caught(PermissionSuite, secret(gate), by=by, **SECRET)
    assert "was let in" in said or "the same proof" in said


def test_no_change_is_the_right_proof() -> None:
    right = "0123456789abcdef" * 4
    wrong = list(changed(right))
    assert right not in wrong
    assert len(set(wrong)) == len(wrong) >= 10
