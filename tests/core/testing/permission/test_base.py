"""Permissions that keep every promise pass, whatever they are."""

from __future__ import annotations

import pytest
from sound_permissions import OWN, SECRET, Quiet, gated, secret

from plugwire import Denied
from plugwire.testing import PermissionSuite
from plugwire.testing.companions import OpenGate
from plugwire.testing.permission.base import closed, denied


class Open(OpenGate):
    def __init__(self):
        super().__init__("open")


@pytest.mark.parametrize(
    ("plugin", "own"),
    [
        (secret(), SECRET),
        (gated(), {"capabilities": OWN}),
        (Quiet, {"capabilities": ("check",)}),
        (gated(Open), {"capabilities": ("gate", "everyone")}),
    ],
    ids=["secret", "own", "quiet", "open"],
)
def test_a_sound_one_fails_no_check(verdicts, plugin, own) -> None:
    ended = verdicts(PermissionSuite, plugin, **own)
    failed = {k: v for k, v in ended.items() if v.startswith("failed")}
    assert failed == {}
    passed = [k for k, v in ended.items() if v == "passed"]
    assert len(passed) >= 12


def raising(error):
    def act():
        raise error

    return act


def test_only_words_deny() -> None:
    assert denied("who", raising(Denied("no, for it is night"))).reason
    with pytest.raises(AssertionError, match="expected Denied"):
        denied("who", raising(KeyError("proof")))
    with pytest.raises(AssertionError, match="who was let in"):
        denied("who", lambda: None)


def test_anything_raised_is_closed() -> None:
    closed("who", raising(KeyError("proof")))
    with pytest.raises(AssertionError, match="who was let in"):
        closed("who", lambda: None)
