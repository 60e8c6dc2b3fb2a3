"""What the checks of words and secrets catch."""

from __future__ import annotations

import logging

import pytest
from sound_permissions import SECRET, SecretGate, secret

from plugwire import Denied, hookimpl
from plugwire.testing import PermissionSuite


class Curt(SecretGate):
    def judge(self, said, expected, who):
        try:
            super().judge(said, expected, who)
        except Denied:
            raise Denied("no") from None


class Echo(SecretGate):
    """Tells what it was told, all of it."""

    def judge(self, said, expected, who):
        try:
            super().judge(said, expected, who)
        except Denied:
            raise Denied(f"the {who} says {said!r}, and is wrong") from None


class Telling(SecretGate):
    def judge(self, said, expected, who):
        try:
            super().judge(said, expected, who)
        except Denied:
            raise Denied(
                f"{who} must know {self.secret.encode().hex()}"
            ) from None


class Logging(SecretGate):
    def prepare(self):
        super().prepare()
        logging.getLogger("secret").debug("the key is %r", self.key)


class Shown(SecretGate):
    def __repr__(self):
        return f"{type(self).__name__}({vars(self)})"


class Beginning(SecretGate):
    """Tells which secret it is, by its first characters."""

    def judge(self, said, expected, who):
        try:
            super().judge(said, expected, who)
        except Denied:
            raise Denied(
                f"the {who} does not know the secret {self.secret[:8]}..."
            ) from None


class Plain(SecretGate):
    """A proof that begins with the secret."""

    def make(self, side, welcome, hello):
        return f"{self.secret}:{super().make(side, welcome, hello)}"


class Helpful(SecretGate):
    """Tells what would have been right."""

    def judge(self, said, expected, who):
        try:
            super().judge(said, expected, who)
        except Denied:
            raise Denied(f"the proof is wrong: expected {expected}") from None


@pytest.mark.parametrize(
    ("by", "gate", "word"),
    [
        ("test_a_refusal_is_in_words", Curt, "'no'"),
        ("test_a_refusal_is_bounded", Echo, "a refusal of"),
        ("test_no_refusal_and_no_log_tells_a_secret", Telling, "tells"),
        ("test_no_refusal_and_no_log_tells_a_secret", Logging, "tells"),
        ("test_no_refusal_and_no_log_tells_a_secret", Beginning, "a part of"),
        ("test_no_shown_object_tells_a_secret", Shown, "tells"),
        ("test_no_proof_tells_the_secret", Plain, "tells"),
        ("test_no_refusal_tells_the_right_proof", Helpful, "tells"),
    ],
)
def test_a_broken_one_is_caught(caught, by, gate, word) -> None:
    assert word in caught(PermissionSuite, secret(gate), by=by, **SECRET)


def test_a_plugin_that_shows_its_section_is_caught(caught) -> None:
    class Open(secret()):  # type: ignore[misc] # made by a function
        __repr__ = object.__repr__

        def __str__(self):
            return str(self.settings)

        @hookimpl
        def accept(self, context):
            return SecretGate(self.settings.secret, context.endpoint)

    by = "test_no_shown_object_tells_a_secret"
    assert "tells" in caught(PermissionSuite, Open, by=by, **SECRET)


def test_a_secret_that_is_not_found_is_asked_for(caught) -> None:
    own = {**SECRET, "secrets": pytest.fixture(lambda self: [])}
    by = "test_no_proof_tells_the_secret"
    said = caught(PermissionSuite, secret(), by=by, **own)
    assert "override the fixture `secrets`" in said
