"""The check: an answer for every act of every peer, and always the same."""

from __future__ import annotations

import gc
import itertools
import weakref
from typing import Any

import pytest
from msgspec.structs import replace

from plugwire.interfaces import ALLOW, Check, Deny, Peer, Subject
from plugwire.testing.permission.base import VERBS, PermissionBase
from plugwire.testing.pipes import EVENT
from plugwire.testing.watching import watched

SUBJECTS = (
    Subject(EVENT),
    Subject(EVENT, "room"),
    Subject(EVENT, ""),
    Subject("another"),
    Subject("", ""),
    Subject("x" * 10_000, "y" * 10_000),
)
ODD_UIDS: tuple[Any, ...] = (None, -1, 0, 2**31, 2**32 - 1, 2**64, 10**30)
LONGEST = 500
"""Characters of a reason: the peer is told it, and somebody reads it."""
ASKED = 5000
REMEMBERED = 1000
"""Subjects that a check may remember: some caches are right."""


class TrackedSubject(Subject, frozen=True, weakref=True):
    """A subject of which is seen whether anybody still holds it."""


class Checking(PermissionBase):
    """Where `check` is claimed: who may do what."""

    @pytest.fixture
    def peers(self, friend: Peer, stranger: Peer) -> list[Peer]:
        """Whom it may be asked about."""
        return [friend, stranger, *(replace(friend, uid=u) for u in ODD_UIDS)]

    def test_every_act_has_an_answer(
        self, check: Check, peers: list[Peer]
    ) -> None:
        """`ALLOW` or a `Deny` with a reason: everything else denies too,
        but tells nobody why."""
        for peer, verb, subject in itertools.product(peers, VERBS, SUBJECTS):
            answer: object = check(peer, verb, subject)
            assert answer is ALLOW or isinstance(answer, Deny), (
                f"of {verb} on {subject!r:.60} by {peer} the check must "
                f"answer ALLOW or Deny(...); found {answer!r}"
            )

    def test_an_unknown_act_has_an_answer(
        self, check: Check, peers: list[Peer]
    ) -> None:
        """A newer core may ask about more; a check that breaks over it
        tells nobody why it denies."""
        ask: Any = check
        for verb in ("fly", "", "SEND", None):
            for peer in peers:
                answer: object = ask(peer, verb, SUBJECTS[0])
                assert answer is ALLOW or isinstance(answer, Deny), (
                    f"of the unknown verb {verb!r} the check must answer "
                    f"ALLOW or Deny(...); found {answer!r}"
                )

    def test_an_answer_stays_the_same(
        self, check: Check, peers: list[Peer]
    ) -> None:
        """Who may send may send again: a check goes by who, what and where,
        and not by what it was asked before."""
        acts = [*itertools.product(peers, VERBS, SUBJECTS)]
        first = [check(*act) for act in acts]
        again = [check(*act) for act in reversed(acts)][::-1]
        for act, one, other in zip(acts, first, again, strict=True):
            assert one == other, (
                f"asked about {act!r:.200} it says {one}, and later {other}"
            )

    def test_who_is_not_known_may_no_more_than_a_stranger(
        self, check: Check, stranger: Peer
    ) -> None:
        """A transport that does not know who is there says uid None: that
        must open nothing."""
        nobody = replace(stranger, uid=None, gid=None, pid=None)
        for verb, subject in itertools.product(VERBS, SUBJECTS):
            if check(nobody, verb, subject) is ALLOW:
                assert check(stranger, verb, subject) is ALLOW, (
                    f"{verb} is denied to a stranger, and allowed to who is "
                    "not known at all"
                )

    def test_a_no_is_in_words(self, check: Check, peers: list[Peer]) -> None:
        """The peer is told the reason, and a person has to make something
        of it."""
        for peer, verb, subject in itertools.product(peers, VERBS, SUBJECTS):
            answer = check(peer, verb, subject)
            if isinstance(answer, Deny):
                reason: object = answer.reason
                assert isinstance(reason, str), (
                    f"a reason is text; found {reason!r}"
                )
                assert len(reason.split()) > 1, (
                    f"a reason says in words why; found {reason!r}"
                )
                assert len(reason) <= LONGEST, (
                    f"a reason of {len(reason)} characters; cut what the "
                    f"peer said: {reason[:100]}..."
                )

    def test_asking_does_no_input_or_output(
        self, check: Check, friend: Peer
    ) -> None:
        """It is asked in the server's loop, for each message: whatever
        waits there stops every client."""
        for verb in VERBS:
            check(friend, verb, SUBJECTS[0])  # imports are done now
        with watched() as seen:
            for verb in VERBS:
                check(friend, verb, SUBJECTS[1])
        assert not seen, f"the check did {', '.join(seen)}"

    def test_asking_remembers_nothing_for_ever(
        self, check: Check, friend: Peer
    ) -> None:
        """Peers choose the names of sessions: what a check remembers of
        them has to have an end."""
        alive: weakref.WeakSet[TrackedSubject] = weakref.WeakSet()
        subjects = [
            TrackedSubject(EVENT, f"room-{number}") for number in range(ASKED)
        ]
        for subject in subjects:
            check(friend, "attach", subject)
        alive.update(subjects)
        del subject, subjects
        gc.collect()
        assert len(alive) <= REMEMBERED, (
            f"of {ASKED} subjects that it was asked about it still holds "
            f"{len(alive)}"
        )
