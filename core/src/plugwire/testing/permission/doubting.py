"""Injected faults: what a peer leaves out, or says in another type."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, get_args

import pytest

from plugwire.handshake import Role
from plugwire.interfaces import Peer
from plugwire.testing.permission.base import Meet, PermissionBase, closed

ODD: tuple[Any, ...] = (
    None, "", 0, -1, True, [], {}, b"", "x" * 10_000, "\0\n", "ä",
    2**70, 0.5,
)  # fmt: skip
ASKED_FOR = (None, "kit", "room", "admin", "root", "control", "*")
"""Sessions that a stranger may think are open."""


class Doubting(PermissionBase):
    """In doubt it is a no: nothing odd opens a gate that was shut."""

    @pytest.mark.parametrize("key", ["nonce", "proof", "session", "role"])
    def test_an_odd_hello_opens_nothing(
        self, meet: Meet, stranger: Peer, key: str
    ) -> None:
        """One value of a hello is missing, or is not what it should be."""
        meeting = meet(peer=stranger)
        for odd in _odd(meeting.hello, key):
            self._shut(
                f"a stranger whose hello says {odd.get(key, 'nothing')!r:.40}",
                partial(
                    meeting.server.admit, meeting.peer, meeting.welcome, odd
                ),
            )

    @pytest.mark.parametrize("role", get_args(Role))
    def test_what_a_stranger_asks_for_opens_nothing(
        self, meet: Meet, stranger: Peer, role: Role
    ) -> None:
        """A role and a session are what a peer wants, and no word on who it
        is."""
        meeting = meet(peer=stranger)
        for session in ASKED_FOR:
            meeting.hello |= {"role": role, "session": session}
            self._shut(
                f"a stranger who wants to be a {role} in {session!r}",
                meeting.admit,
            )

    @pytest.mark.parametrize("key", ["nonce", "event", "door", "codec"])
    def test_an_odd_welcome_opens_nothing(
        self, meet: Meet, stranger: Peer, key: str
    ) -> None:
        """The server's own words are its own, but for a mistake."""
        meeting = meet(peer=stranger)
        for odd in _odd(meeting.welcome, key):
            self._shut(
                f"a stranger at a welcome of {odd.get(key, 'nothing')!r:.40}",
                partial(
                    meeting.server.admit, meeting.peer, odd, meeting.hello
                ),
            )

    @pytest.mark.parametrize("said", [None, "", 0, [], (), b"", {}], ids=repr)
    def test_no_hello_at_all_opens_nothing(
        self, meet: Meet, stranger: Peer, said: Any
    ) -> None:
        """Nothing was said."""
        meeting = meet(peer=stranger)
        self._shut(
            f"a stranger who says {said!r}",
            lambda: meeting.server.admit(meeting.peer, meeting.welcome, said),
        )
        self._shut(
            f"a stranger at a welcome that is {said!r}",
            lambda: meeting.server.admit(meeting.peer, said, meeting.hello),
        )

    def test_a_hello_without_a_nonce_proves_nothing(self, meet: Meet) -> None:
        """Without a nonce of either side a proof could be an old one."""
        self.need("proof")
        for side in ("welcome", "hello"):
            meeting = meet()
            meeting.prove()
            getattr(meeting, side).pop("nonce")
            closed(f"a proof for a {side} without a nonce", meeting.admit)
            getattr(meeting, side)["nonce"] = ""
            closed(f"a proof for a {side} of an empty nonce", meeting.admit)

    def test_two_wrong_proofs_are_no_right_one(
        self, meet: Meet, stranger: Peer
    ) -> None:
        """However often it is tried at one gate."""
        meeting = meet(peer=stranger)
        for number in range(50):
            meeting.hello["proof"] = {meeting.server.name: f"{number:064x}"}
            self._shut(f"a stranger at try {number}", meeting.admit)

    def test_a_friend_before_opens_nothing_for_the_next(
        self, meet: Meet, stranger: Peer
    ) -> None:
        """A gate that was opened is shut again behind who came in."""
        meeting = meet()
        meeting.whole()
        meeting.peer = stranger
        meeting.hello = {**meeting.hello, "proof": {}}
        self._shut("a stranger behind a friend", meeting.admit)

    def _shut(self, who: str, act: Any) -> None:
        if "everyone" not in self.capabilities:
            closed(who, act)
            return
        act()  # open to everyone: then it must not break over it either


def _odd(said: dict[str, Any], key: str) -> Iterator[dict[str, Any]]:
    yield {name: value for name, value in said.items() if name != key}
    for value in ODD:
        yield {**said, key: value}
