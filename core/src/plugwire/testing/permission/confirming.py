"""The client's side of a proof: whom it tells, and whom it believes."""

from __future__ import annotations

from typing import Any

import pytest

from plugwire.handshake import nonce
from plugwire.testing.permission.base import (
    Meet,
    Meeting,
    PermissionBase,
    closed,
    denied,
)
from plugwire.testing.permission.proving import changed


class Confirming(PermissionBase):
    """A server that proves itself must do so; a false one gets nothing."""

    @pytest.fixture
    def admitted(self, meet: Meet) -> Meeting:
        """A friend, whom the server has let in with a proof of its own."""
        self.need("proof")
        made = meet()
        made.prove()
        if made.admit() is None:
            pytest.skip("the server proves nothing to its clients")
        return made

    def test_a_server_that_proves_nothing_is_left(
        self, admitted: Meeting
    ) -> None:
        """Whoever lets everyone in is not the server that was meant."""
        admitted.joined["proof"] = {}
        denied("a server that proves nothing", admitted.confirm)

    def test_a_server_of_another_secret_is_left(self, meet: Meet) -> None:
        """It does not know what the client knows."""
        self.need("proof")
        mine, theirs = meet(), meet(foreign=True)
        mine.prove()
        theirs.welcome["nonce"] = mine.welcome["nonce"]
        theirs.hello["nonce"] = mine.hello["nonce"]
        theirs.prove()
        theirs.server = theirs.rival
        theirs.admit()
        mine.joined = theirs.joined
        denied(
            "a server of another secret (where the secret is in the "
            "section, override the fixture `foreign_section`)",
            mine.confirm,
        )

    def test_a_client_leaves_what_was_said_as_it_was(self, meet: Meet) -> None:
        """The same mappings go to the next gate: one that is asked about
        another hello proves another one."""
        meeting = meet()
        meeting.whole()
        hello = {**meeting.hello, "proof": {}}
        before = repr((meeting.welcome, hello))
        meeting.client.prove(meeting.served_by, meeting.welcome, hello)
        after = repr((meeting.welcome, hello))
        assert before == after, f"prove made {after} of {before}"
        meeting = meet()
        meeting.prove()
        meeting.admit()
        said = meeting.welcome, meeting.hello, meeting.joined
        before = repr(said)
        meeting.client.confirm(meeting.served_by, *said)
        assert before == repr(said), f"confirm made {said} of {before}"

    def test_a_servers_proof_that_was_changed_is_not_believed(
        self, admitted: Meeting
    ) -> None:
        """By one character, at its end, or cut short."""
        name = admitted.client.name
        for wrong in changed(admitted.joined["proof"][name]):
            admitted.joined["proof"] = {name: wrong}
            denied(f"a server that proves {wrong!r:.90}", admitted.confirm)

    def test_a_servers_proof_is_for_one_handshake(
        self, admitted: Meeting, meet: Meet
    ) -> None:
        """Replayed to the next client, or to the same one."""
        again = meet()
        again.client = admitted.client
        again.prove()
        again.joined = admitted.joined
        denied("a server with a proof of another handshake", again.confirm)
        admitted.hello["nonce"] = nonce()
        denied("a server with a proof for another nonce", admitted.confirm)

    def test_the_clients_own_proof_is_not_believed(
        self, admitted: Meeting
    ) -> None:
        """Reflected: a server that knows nothing can send back what it was
        told."""
        admitted.joined["proof"] = admitted.hello["proof"]
        denied("a server that sends our own proof back", admitted.confirm)

    @pytest.mark.parametrize(
        "proof", [None, "", "proof", [], 0, True, b"", {"": ""}], ids=repr
    )
    def test_what_is_no_proof_is_not_believed(
        self, admitted: Meeting, proof: Any
    ) -> None:
        """Missing, empty, of another type: in doubt it is a no."""
        admitted.joined["proof"] = proof
        closed(f"a server whose proof is {proof!r}", admitted.confirm)
        admitted.joined["proof"] = {admitted.client.name: proof}
        closed(f"a server that proves {proof!r}", admitted.confirm)
        admitted.joined.clear()
        closed("a server that says nothing", admitted.confirm)

    def test_who_has_proved_nothing_confirms_nothing(
        self, admitted: Meeting, gate: Any
    ) -> None:
        """A gate that was not asked to prove does not know what to expect,
        and believes nobody."""
        admitted.client = gate("client")
        closed("a server, before we have proved anything", admitted.confirm)

    def test_a_false_server_gets_nothing_of_use(self, meet: Meet) -> None:
        """Whoever serves may choose its nonce: what it is told then must
        not be good at the right server."""
        self.need("proof")
        for chosen in ("", "0" * 32, "not a nonce", None):
            meeting = meet()
            right = meeting.welcome["nonce"]
            meeting.welcome["nonce"] = chosen
            try:
                meeting.prove()
            except Exception:
                continue  # it says nothing at all: as good
            meeting.welcome["nonce"] = right
            closed(f"a proof made for the nonce {chosen!r}", meeting.admit)
