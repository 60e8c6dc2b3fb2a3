"""Who is let in, and by what: many clients, many starts, odd peers."""

from __future__ import annotations

import os
from typing import Any

import pytest
from msgspec.structs import replace

from plugwire.handshake import VERSION, Hello, as_mapping
from plugwire.interfaces import Peer
from plugwire.testing.permission.base import Meet, PermissionBase, denied
from plugwire.testing.watching import watched

NOBODIES: tuple[Any, ...] = (None, -1, 2**32 - 1, 2**64, 10**30)
"""uids that stand for nobody."""


class Admitting(PermissionBase):
    """The gate's yes and no."""

    def test_a_friend_is_let_in(self, meet: Meet) -> None:
        """The whole handshake, as both sides go through it. What they say
        is text or None: everything else refuses."""
        meeting = meet()
        for who, own in (("prove", meeting.prove()),
                         ("admit", meeting.admit())):  # fmt: skip
            assert own is None or type(own) is str, (
                f"{who} must answer with text or None; found {own!r}"
            )
        meeting.confirm()

    def test_many_clients_do_not_meet(self, meet: Meet) -> None:
        """One gate serves all connections of a door, whose handshakes are
        under way together: what it remembers of one is another's."""
        first = meet()
        crowd = [first, *(meet() for _ in range(4))]
        for meeting in crowd:
            meeting.server = first.server
            meeting.prove()
        for meeting in reversed(crowd):
            meeting.admit()
        for meeting in crowd:
            meeting.confirm()

    def test_a_client_comes_back(self, meet: Meet) -> None:
        """A client's gate is made once and used at each reconnect."""
        meeting = meet()
        meeting.whole()
        for _ in range(3):
            again = meet()
            again.client = meeting.client
            again.whole()

    def test_a_server_starts_again(self, meet: Meet) -> None:
        """`prepare` is called at each start, and who was a friend before
        is one after."""
        meeting = meet()
        meeting.whole()
        for _ in range(3):
            meeting.server.prepare()
        again = meet()
        again.server = meeting.server
        again.whole()

    def test_what_was_said_is_not_changed(self, meet: Meet) -> None:
        """The same mappings go to the next gate."""
        meeting = meet()
        meeting.prove()
        before = repr((meeting.welcome, meeting.hello))
        meeting.server.admit(meeting.peer, meeting.welcome, meeting.hello)
        after = repr((meeting.welcome, meeting.hello))
        assert before == after, f"it was {before}, and is {after}"

    def test_admitting_does_no_input_or_output(self, meet: Meet) -> None:
        """It is asked in the server's loop, for each peer: whatever waits
        there stops every client."""
        first, second = meet(), meet()
        second.server = first.server
        first.whole()  # imports are done now
        second.prove()
        with watched() as seen:
            second.admit()
        assert not seen, f"the gate did {', '.join(seen)}"

    def test_the_least_hello_is_enough(self, meet: Meet) -> None:
        """A plain door has no handshake: a gate that needs no proof gets a
        hello in which nothing stands."""
        meeting = meet()
        if meeting.server.needs_proof:
            return
        least = as_mapping(Hello(plugwire=VERSION))
        meeting.server.admit(meeting.peer, meeting.welcome, least)

    def test_a_stranger_is_told_why(self, meet: Meet, stranger: Peer) -> None:
        """Whoever is turned away can only mend what it is told."""
        self.need("identity")
        meeting = meet(peer=stranger)
        meeting.prove()
        denied(f"{stranger}", meeting.admit)

    @pytest.mark.parametrize("uid", NOBODIES, ids=repr)
    def test_who_is_nobody_is_a_stranger(self, meet: Meet, uid: Any) -> None:
        """A transport that does not know says None, and a number that no
        user has is none of a friend's."""
        self.need("identity")
        meeting = meet()
        meeting.prove()
        meeting.peer = replace(meeting.peer, uid=uid, gid=None, groups=())
        denied(f"a peer of uid {uid}", meeting.admit)

    def test_what_a_peer_says_of_itself_is_not_believed(
        self, meet: Meet, stranger: Peer
    ) -> None:
        """A hello may say anything: who is there, the transport says."""
        self.need("identity")
        meeting = meet(peer=stranger)
        meeting.prove()
        claims = {"uid": os.geteuid(), "gid": os.getegid(), "pid": os.getpid()}
        meeting.hello |= {**claims, "peer": claims, "transport": "memory"}
        denied("a stranger who says it is a friend", meeting.admit)

    def test_an_address_is_no_identity(
        self, meet: Meet, friend: Peer, stranger: Peer
    ) -> None:
        """The address is text for people, and the pid may be anyone's."""
        self.need("identity")
        alike = replace(stranger, address=str(friend), pid=friend.pid)
        meeting = meet(peer=alike)
        meeting.prove()
        denied("a stranger at a friend's address", meeting.admit)
