"""`anyone` is open, and says so."""

from __future__ import annotations

from plugwire.handshake import ask
from plugwire_permissions import Anyone


def test_everybody_comes_in(make_peer, stranger) -> None:
    gate = Anyone().accept()
    gate.prepare()
    for peer in (make_peer(), make_peer(uid=stranger), make_peer(uid=None)):
        assert ask(gate, "admit", peer, {}, {}) is None
        assert ask(gate, "prove", peer, {}, {}) is None
        assert ask(gate, "confirm", peer, {}, {}, {}) is None


def test_a_plain_door_can_have_it() -> None:
    gate = Anyone().accept()
    assert (gate.name, gate.needs_proof) == ("anyone", False)
