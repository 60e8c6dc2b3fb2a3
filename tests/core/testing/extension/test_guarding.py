"""What the checks of wrapped checks and queues catch."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from sound_extensions import Counted, CountedQueue

from plugwire import hookimpl
from plugwire.interfaces import ALLOW, Deny, Subject
from plugwire.testing import ExtensionSuite

CHECKS, QUEUE = ("checks",), ("queue",)


class Guarding:
    """Wraps the checks only, each by `checked`."""

    @hookimpl
    def wrap(self, layers):
        checks = tuple(map(self.checked, layers.checks))
        return replace(layers, checks=checks)

    def checked(self, check):
        return check


class Allowing(Guarding):
    """Allows whoever listens."""

    def checked(self, check):
        def checked(peer, verb, subject):
            return ALLOW if verb == "receive" else check(peer, verb, subject)

        return checked


class First(Guarding):
    """One check is enough, it thinks."""

    @hookimpl
    def wrap(self, layers):
        return replace(layers, checks=layers.checks[:1])


class Few(Guarding):
    """Nobody has more than three, it thinks."""

    @hookimpl
    def wrap(self, layers):
        return replace(layers, checks=layers.checks[:3])


class Remembering(Guarding):
    """What was allowed once is allowed."""

    def checked(self, check):
        allowed = set()

        def checked(peer, verb, subject):
            if (peer, verb, subject) in allowed:
                return ALLOW
            answer = check(peer, verb, subject)
            if answer is ALLOW:
                allowed.add((peer, verb, subject))
            return answer

        return checked


class Truthy(Guarding):
    """Makes a yes of what looks like one."""

    def checked(self, check):
        def checked(peer, verb, subject):
            answer = check(peer, verb, subject)
            if isinstance(answer, Deny):
                return answer
            return ALLOW if answer else Deny("it is none")

        return checked


class Catching(Guarding):
    """What fails does not matter."""

    def checked(self, check):
        def checked(peer, verb, subject):
            try:
                return check(peer, verb, subject)
            except Exception:
                return ALLOW

        return checked


class Forgetting(Guarding):
    """Leaves out the session."""

    def checked(self, check):
        return lambda peer, verb, subject: check(
            peer, verb, Subject(subject.event)
        )


class Queueing:
    @hookimpl
    def wrap(self, layers):
        if layers.queue is None:
            return layers
        return replace(layers, queue=Uncounted(layers.queue))


class Uncounted(CountedQueue):
    """Tells of no loss."""

    def offer(self, item, joined):
        super().offer(item, joined)
        return 0


@pytest.mark.parametrize(
    ("by", "plugin", "claims"),
    [
        ("test_what_was_denied_stays_denied", Allowing, CHECKS),
        ("test_one_no_among_many_stays_a_no", First, CHECKS),
        ("test_one_no_among_many_stays_a_no", Few, ()),
        ("test_each_act_is_asked_about", Remembering, CHECKS),
        ("test_no_clear_yes_stays_a_no", Truthy, CHECKS),
        ("test_a_check_that_fails_stays_a_no", Catching, CHECKS),
        ("test_a_check_is_told_all", Forgetting, CHECKS),
        ("test_the_queue_answers_as_before", Queueing, QUEUE),
    ],
)
def test_a_broken_one_is_caught(caught, by, plugin, claims) -> None:
    assert caught(ExtensionSuite, plugin, by=by, capabilities=claims)


def test_one_that_forbids_more_is_sound(verdicts) -> None:
    class Strict(Counted):
        @hookimpl
        def wrap(self, layers):
            checks = layers.checks
            if checks:
                checks = (*checks, lambda *_: ALLOW)
            return replace(layers, checks=checks)

    ended = verdicts(ExtensionSuite, Strict, capabilities=CHECKS)
    assert not [v for v in ended.values() if v.startswith("failed")]
