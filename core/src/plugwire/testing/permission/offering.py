"""What the plugin hands over: a gate, a check, or both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from plugwire.errors import Denied
from plugwire.interfaces import Gate, Peer
from plugwire.testing.asking import ask, hooks
from plugwire.testing.permission.base import Meet, PermissionBase
from plugwire.testing.pipes import Pipes
from plugwire.testing.watching import watched

LONGEST_NAME = 64
"""Characters of a gate's name: it is a key in a handshake of 16 KiB."""


class Offering(PermissionBase):
    """The hooks, and what is claimed of them."""

    def test_a_server_is_composed_with_it(
        self, instance: Any, pipes: Pipes
    ) -> None:
        """Core refuses a plugin whose hooks it cannot use: that is seen
        here before a user sees it."""
        pipes.pipeline(permissions=self.guards(instance))

    def test_it_answers_hooks_of_a_permission_only(
        self, instance: Any
    ) -> None:
        """One plugin has one kind; a hook of another is refused."""
        found = hooks(instance).keys()
        assert found, "a permission answers `accept`, `authorize` or both"
        assert found <= {"accept", "authorize"}, (
            f"a permission answers `accept` and `authorize`; found "
            f"{', '.join(sorted(found))}"
        )

    def test_it_has_a_gate_if_it_says_so(self, instance: Any) -> None:
        """A user needs a gate at each door, and must know whether this is
        one."""
        found = hooks(instance)
        self.claimed("gate", present="accept" in found, shown=_listed(found))

    def test_it_has_a_check_if_it_says_so(self, instance: Any) -> None:
        """A user must know what decides over each act."""
        found = hooks(instance)
        present = "authorize" in found
        self.claimed("check", present=present, shown=_listed(found))

    def test_its_gate_has_a_name(self, gate: Callable[..., Gate]) -> None:
        """The name is the key of its proofs on the wire: both sides and
        every start must have the same."""
        self.need("gate")
        name = gate().name
        assert name.isascii(), f"a gate's name is plain text; found {name!r}"
        assert name.isprintable(), f"it is printable; found {name!r}"
        assert 0 < len(name) <= LONGEST_NAME, (
            f"it has 1 to {LONGEST_NAME} characters; found {name!r}"
        )
        others = {gate("server").name, gate("client").name, name}
        assert others == {name}, (
            f"every gate of this plugin must have one name; found {others}"
        )

    def test_both_sides_agree_on_the_proof(
        self, gate: Callable[..., Gate]
    ) -> None:
        """`needs_proof` decides whether a plain door may have it."""
        self.need("gate")
        found = gate("server").needs_proof, gate("client").needs_proof
        assert found[0] is found[1], (
            f"needs_proof of the server's and the client's gate: {found}"
        )

    def test_it_wants_a_proof_if_it_says_so(
        self, meet: Meet, friend: Peer
    ) -> None:
        """Seen at the gate: a friend who proves nothing is turned away."""
        meeting = meet(peer=friend)
        said = meeting.server.needs_proof
        wanted = not _lets_in(meeting.admit)
        assert said == wanted, (
            f"needs_proof is {said}, and who proves nothing is "
            f"{'turned away' if wanted else 'let in'}"
        )
        shown = f"needs_proof is {said}"
        self.claimed("proof", present=wanted, shown=shown)

    def test_it_goes_by_the_peer_if_it_says_so(
        self, meet: Meet, stranger: Peer
    ) -> None:
        """Seen at the gate: a stranger is turned away, though it can prove
        all that a friend can."""
        meeting = meet(peer=stranger)
        meeting.prove()
        turned_away = not _lets_in(meeting.admit)
        word = "turned away" if turned_away else "let in"
        self.claimed(
            "identity",
            present=turned_away,
            shown=f"{stranger} with a friend's proof is {word}",
        )

    def test_it_is_open_to_everyone_if_it_says_so(
        self, meet: Meet, stranger: Peer
    ) -> None:
        """An open door must be meant: it is open where a stranger who
        proves nothing comes in."""
        is_open = _lets_in(meet(peer=stranger).admit)
        word = "let in" if is_open else "turned away"
        self.claimed(
            "everyone",
            present=is_open,
            shown=f"{stranger} without a proof is {word}",
        )

    def test_making_it_does_no_input_or_output(
        self, instance: Any, pipes: Pipes
    ) -> None:
        """Composing must be quick and possible anywhere: read files in
        `prepare` (server) and in `prove` (client)."""
        for side in ("server", "client"):
            for hook in hooks(instance):
                context = pipes.context(side)
                ask(instance, hook, context)  # imports are done now
                with watched() as seen:
                    ask(instance, hook, context)
                assert not seen, f"`{hook}` did {', '.join(seen)}"


def _lets_in(act: Callable[[], object]) -> bool:
    try:
        act()
    except Denied:
        return False
    return True


def _listed(found: dict[str, str]) -> str:
    return f"it answers {', '.join(sorted(found)) or 'no hook'}"
