"""The wrapped checks and queue: what they decided and kept, they still do."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from msgspec.structs import replace

from plugwire.interfaces import (
    ALLOW,
    Check,
    Deny,
    Kept,
    Peer,
    Queue,
    Subject,
    Verb,
)
from plugwire.rights import Rights
from plugwire.testing.extension.base import ExtensionBase, Wrap, allow

PEER = Peer(transport="kit", address="kit:here", uid=1000, gid=1000, pid=7)
VERBS: tuple[Verb, ...] = get_args(Verb)
MANY = 9
"""Checks of a door: more than anybody has."""


class Guarding(ExtensionBase):
    """Permissions and what is kept."""

    def _rights(self, wrap: Wrap, *checks: Check) -> Rights:
        layers = wrap(replace(self.given(), checks=checks))
        return Rights(layers.checks, PEER, "kit")

    @pytest.mark.parametrize("verb", VERBS)
    def test_what_was_denied_stays_denied(
        self, wrap: Wrap, verb: Verb
    ) -> None:
        """An extension may forbid more; what a permission forbids it must
        never allow."""
        rights = self._rights(wrap, lambda *_: Deny("the kit says no"))
        assert not rights.may(verb), f"{verb} was denied, and is allowed now"

    def test_one_no_among_many_stays_a_no(self, wrap: Wrap) -> None:
        """All checks have to allow: none may be passed over."""
        for at in range(MANY):
            checks: list[Check] = [allow] * MANY
            checks[at] = lambda *_: Deny("the kit says no")
            assert not self._rights(wrap, *checks).may("send"), (
                f"check {at} of {MANY} denied, and all is allowed now"
            )

    def test_each_act_is_asked_about(self, wrap: Wrap) -> None:
        """A permission may change its mind, and a yes is for one act: one
        that is remembered allows what nobody was asked about."""
        answers: list[Any] = [ALLOW, Deny("the kit says no more"), ALLOW]
        rights = self._rights(wrap, lambda *_: answers.pop(0))
        found = [rights.may("send", "room") for _ in range(3)]
        assert found == [True, False, True], (
            f"the check said yes, no and yes; {found} is what is allowed"
        )

    @pytest.mark.parametrize(
        "answer",
        [None, True, "allow", (), object()],
        ids=["None", "True", "allow", "nothing", "object"],
    )
    def test_no_clear_yes_stays_a_no(self, wrap: Wrap, answer: Any) -> None:
        """Everything but `ALLOW` denies: pass on what a check answered, and
        make nothing of it."""
        rights = self._rights(wrap, lambda *_: answer)
        assert not rights.may("send"), f"{answer!r} has become a yes"

    def test_a_check_that_fails_stays_a_no(self, wrap: Wrap) -> None:
        """An exception denies: let it pass, or deny."""

        def fails(*_: object) -> Any:
            raise OSError("the kit fails")

        assert not self._rights(wrap, fails).may("send")

    def test_a_check_is_told_all(self, wrap: Wrap) -> None:
        """Who, what, and about which session: a check that is asked about
        another act allows another act."""
        asked: list[tuple[Peer, Verb, Subject]] = []

        def notes(peer: Peer, verb: Verb, subject: Subject) -> Any:
            asked.append((peer, verb, subject))
            return ALLOW

        self._rights(wrap, notes).may("attach", "room")
        expected = [(PEER, "attach", Subject("kit", "room"))]
        assert asked == expected, f"expected {expected}, found {asked}"

    def test_the_queue_answers_as_before(self, wrap: Wrap) -> None:
        """Whoever is late gets what was kept, by the queue's own rules, and
        each loss is counted once."""
        plainly, wrapped = self.given().queue, wrap(self.given()).queue
        assert plainly is not None
        assert wrapped is not None
        expected, found = _history(plainly), _history(wrapped)
        for one, other in zip(expected, found, strict=True):
            assert one == other, f"expected {one}, found {other}"


def _history(queue: Queue) -> list[tuple[str, Any]]:
    """All that `queue` says while it lives through a bit of everything."""
    items = [Kept(n, (b"x" * n, None), n, float(n)) for n in range(1, 1200)]
    said: list[tuple[str, Any]] = [
        ("wants nobody's", queue.wants(0)),
        ("wants one's", queue.wants(1)),
    ]

    def note(what: str, answer: Any) -> None:
        said.append((what, answer))
        said.append((f"len after {what}", len(queue)))

    for item in items[:1100]:
        note("offer", queue.offer(item, 0))
    note("offer to one", queue.offer(items[1100], 1))
    given = queue.preface(0, 110, 2000.0)
    note("preface", [item.seq for item in given])
    for item in given[:500]:
        queue.handed(item)
    note("handed", None)
    queue.returned(given[500:])
    note("returned", None)
    again = queue.preface(0, None, 2000.0)
    note("preface again", [item.seq for item in again])
    note("clear", queue.clear())
    queue.returned(again)
    note("returned after clear", None)
    return said
