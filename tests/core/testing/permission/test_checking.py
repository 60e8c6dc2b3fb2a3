"""What the checks of a check catch."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from sound_permissions import Quiet

from plugwire.interfaces import ALLOW, Deny
from plugwire.testing import PermissionSuite


class Mute(Quiet):
    """Says nothing in place of a no."""

    def check(self, peer, verb, subject):
        answer = super().check(peer, verb, subject)
        return answer if answer is ALLOW else None


class Sessions(Quiet):
    """Breaks where there is no session."""

    def check(self, peer, verb, subject):
        assert subject.session.isprintable()
        return super().check(peer, verb, subject)


class Table(Quiet):
    """Knows the verbs of today."""

    RULES = dict.fromkeys(
        ("connect", "receive", "send", "request", "attach", "control"), ALLOW
    )

    def check(self, peer, verb, subject):
        return self.RULES[verb]


class Every(Quiet):
    """Every other one."""

    numbers = itertools.count()

    def check(self, peer, verb, subject):
        if next(self.numbers) % 2:
            return Deny("it is not your turn")
        return ALLOW


class Open(Quiet):
    """Whom it does not know it does not stop."""

    def check(self, peer, verb, subject):
        if peer.uid is None:
            return ALLOW
        return super().check(peer, verb, subject)


class Curt(Quiet):
    def check(self, peer, verb, subject):
        answer = super().check(peer, verb, subject)
        return answer if answer is ALLOW else Deny("no")


class Echo(Quiet):
    def check(self, peer, verb, subject):
        answer = super().check(peer, verb, subject)
        if answer is ALLOW:
            return answer
        return Deny(f"you may not {verb} in {subject.session}, I think")


class Looking(Quiet):
    def check(self, peer, verb, subject):
        if Path("/etc/hostname").exists():
            Path(__file__).read_bytes()
        return super().check(peer, verb, subject)


class Remembering(Quiet):
    def __init__(self):
        self.asked = {}

    def check(self, peer, verb, subject):
        key = peer, verb, subject.event, subject.session
        if key not in self.asked:
            answer = super().check(peer, verb, subject)
            self.asked[key] = subject, answer
        return self.asked[key][1]


@pytest.mark.parametrize(
    ("by", "plugin"),
    [
        ("test_every_act_has_an_answer", Mute),
        ("test_every_act_has_an_answer", Sessions),
        ("test_an_unknown_act_has_an_answer", Table),
        ("test_an_answer_stays_the_same", Every),
        ("test_who_is_not_known_may_no_more_than_a_stranger", Open),
        ("test_a_no_is_in_words", Curt),
        ("test_a_no_is_in_words", Echo),
        ("test_asking_does_no_input_or_output", Looking),
        ("test_asking_remembers_nothing_for_ever", Remembering),
    ],
)
def test_a_broken_one_is_caught(caught, by, plugin) -> None:
    assert caught(PermissionSuite, plugin, by=by, capabilities=("check",))
