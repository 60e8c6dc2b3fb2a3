"""The server's side of a proof: none but the right one, here and now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from plugwire.handshake import nonce
from plugwire.interfaces import Gate
from plugwire.testing.permission.base import (
    Meet,
    Meeting,
    PermissionBase,
    closed,
    denied,
)


class Proving(PermissionBase):
    """Where `proof` is claimed: what is not proved is not believed."""

    @pytest.fixture
    def meeting(self, meet: Meet) -> Meeting:
        """A friend, who has proved what is wanted."""
        self.need("proof")
        made = meet()
        made.prove()
        return made

    def test_who_proves_nothing_stays_out(self, meet: Meet) -> None:
        """The client has no such permission."""
        self.need("proof")
        denied("who proves nothing", meet().admit)

    def test_a_proof_of_another_secret_stays_out(self, meet: Meet) -> None:
        """The client has the permission, and not the secret."""
        self.need("proof")
        meeting = meet(foreign=True)
        meeting.prove()
        denied(
            "a client of another secret (where the secret is in the "
            "section, override the fixture `foreign_section`)",
            meeting.admit,
        )

    def test_a_proof_that_was_changed_stays_out(
        self, meeting: Meeting
    ) -> None:
        """By one character, at its end, or cut short."""
        right = _own(meeting)
        for wrong in changed(right):
            meeting.hello["proof"] = {meeting.client.name: wrong}
            denied(f"a client that proves {wrong!r:.90}", meeting.admit)

    def test_a_proof_for_another_welcome_stays_out(
        self, meeting: Meeting
    ) -> None:
        """Replayed: who has seen one handshake must not come in by it. The
        server's nonce is new each time."""
        meeting.welcome["nonce"] = nonce()
        denied("a proof of another handshake", meeting.admit)

    def test_a_proof_for_another_hello_stays_out(
        self, meeting: Meeting
    ) -> None:
        """The client's nonce counts too: its proof is for its own."""
        meeting.hello["nonce"] = nonce()
        denied("a proof with another client's nonce", meeting.admit)

    def test_a_proof_for_another_door_stays_out(self, meet: Meet) -> None:
        """Relayed: a false server asks for a proof that is good for the
        right one. It must be for one endpoint."""
        self.need("proof")
        meeting = meet(endpoint="kit.other")
        meeting.prove()
        denied("a proof for another endpoint", meeting.admit)

    def test_the_servers_own_proof_stays_out(self, meeting: Meeting) -> None:
        """Reflected: what the server says must not be good for a client."""
        own = meeting.admit()
        if own is None:
            return
        meeting.hello["proof"] = {meeting.client.name: own}
        denied("the server's own proof", meeting.admit)

    def test_a_proof_of_another_name_stays_out(self, meeting: Meeting) -> None:
        """Each gate looks at its own proof."""
        right = _own(meeting)
        for name in ("", "kit", meeting.client.name.upper() + "x"):
            meeting.hello["proof"] = {name: right}
            denied(f"a proof by the name {name!r}", meeting.admit)

    def test_a_proof_is_made_anew(self, meet: Meet) -> None:
        """A proof that is the same each time is a password, sent in the
        clear."""
        self.need("proof")
        proofs = []
        client = meet().client
        for _ in range(4):
            meeting = meet()
            meeting.client = client
            proofs.append(meeting.prove())
        assert len(set(proofs)) == len(proofs), (
            "two handshakes have the same proof"
        )

    @pytest.mark.parametrize(
        "proof",
        [
            None, "", "proof", [], 0, 1, True, b"", {"": ""},
            {"kit": None},
        ],
        ids=repr,
    )  # fmt: skip
    def test_what_is_no_proof_stays_out(
        self, meeting: Meeting, proof: Any
    ) -> None:
        """Missing, empty, of another type: in doubt it is a no."""
        meeting.hello["proof"] = proof
        closed(f"a hello whose proof is {proof!r}", meeting.admit)
        meeting.hello["proof"] = {meeting.client.name: proof}
        closed(f"a client that proves {proof!r}", meeting.admit)

    def test_a_server_that_is_not_prepared_lets_nobody_in(
        self, meeting: Meeting, gate: Any
    ) -> None:
        """Without its secret a gate can believe nobody."""
        unprepared: Gate = gate("server")
        meeting.server = unprepared
        closed("a client of a server that was not prepared", meeting.admit)


def changed(right: str) -> Iterator[str]:
    """What is nearly the right proof."""
    for at in {0, len(right) // 2, len(right) - 1}:
        other = "0" if right[at] != "0" else "1"
        yield right[:at] + other + right[at + 1 :]
    yield from (right[:-1], right[1:], right + "0", "0" + right, right * 2)
    yield from ("0" * len(right), right[: len(right) // 2], "")


def _own(meeting: Meeting) -> str:
    found: object = meeting.hello.get("proof", {}).get(meeting.client.name)
    assert isinstance(found, str), (
        f"prove of a gate that needs a proof must return it; found {found!r}"
    )
    return found
