"""What a refusal says, and what nothing ever says."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from plugwire.errors import Denied
from plugwire.interfaces import Gate, Peer
from plugwire.testing.permission.base import Meet, PermissionBase

LONGEST = 1000
"""Characters of a reason: a handshake has 16 KiB, and a person less time."""
FLOOD = "x" * 10_000
PART = 8
"""Characters of a secret that nobody says by chance."""


class Secrecy(PermissionBase):
    """Words for people, and no secret among them."""

    @pytest.fixture
    def refusals(
        self,
        meet: Meet,
        stranger: Peer,
        caplog: pytest.LogCaptureFixture,
    ) -> Callable[[], Iterator[Denied]]:
        """All that the gates of both sides say to what is wrong."""
        caplog.set_level(logging.DEBUG)

        def refused() -> Iterator[Denied]:
            odd: dict[str, Any]
            for odd in (
                {},
                {"proof": {}},
                {"nonce": FLOOD},
                {"proof": {"kit": FLOOD}},
                {"session": FLOOD},
            ):
                meeting = meet(peer=stranger)
                meeting.hello |= odd
                yield from _denied(meeting.admit)
            meeting = meet(peer=stranger)
            for wrong in ("0" * 64, "", FLOOD):
                meeting.hello["proof"] = {meeting.server.name: wrong}
                yield from _denied(meeting.admit)
            meeting = meet()
            yield from _denied(meeting.confirm)
            yield from _denied(meeting.prove)
            for wrong in ("0" * 64, "", FLOOD):
                meeting.joined["proof"] = {meeting.client.name: wrong}
                yield from _denied(meeting.confirm)

        return refused

    def test_a_refusal_is_in_words(
        self, refusals: Callable[[], Iterator[Denied]]
    ) -> None:
        """`Denied(reason, mend)`: the peer is told both, and a person has
        to make something of it."""
        self._need_refusals()
        for error in refusals():
            reason = error.reason
            assert isinstance(reason, str), f"a reason is text: {reason!r}"
            assert len(reason.split()) > 2, (
                f"a reason says in words why; found {reason!r}"
            )
            assert isinstance(error.mend, str), (
                f"a mend is text; found {error.mend!r}"
            )

    def test_a_refusal_is_bounded(
        self, refusals: Callable[[], Iterator[Denied]]
    ) -> None:
        """Whatever the peer said: it must not fill the log with it."""
        self._need_refusals()
        for error in refusals():
            assert len(str(error)) <= LONGEST, (
                f"a refusal of {len(str(error))} characters: "
                f"{str(error)[:200]}..."
            )

    def test_no_refusal_and_no_log_tells_a_secret(
        self,
        refusals: Callable[[], Iterator[Denied]],
        meet: Meet,
        caplog: pytest.LogCaptureFixture,
        request: pytest.FixtureRequest,
    ) -> None:
        """A refusal goes to a stranger, a log to whoever keeps logs."""
        said = [f"{error!r} {error}" for error in refusals()]
        meet().whole()
        said += [record.getMessage() for record in caplog.records]
        said += [str(record.exc_info) for record in caplog.records]
        secrets = request.getfixturevalue("secrets")
        _untold("a refusal or a log line", said, secrets)

    def test_no_shown_object_tells_a_secret(
        self,
        instance: Any,
        gate: Callable[..., Gate],
        meet: Meet,
        request: pytest.FixtureRequest,
    ) -> None:
        """`repr` is what debuggers, tracebacks and logs show."""
        meeting = meet()
        meeting.whole()
        shown = [
            f"{each!r} {each}"
            for each in (instance, meeting.server, meeting.client, gate())
        ]
        secrets = request.getfixturevalue("secrets")
        _untold("repr() of a gate or plugin", shown, secrets)

    def test_no_proof_tells_the_secret(
        self, meet: Meet, request: pytest.FixtureRequest
    ) -> None:
        """A proof shows that one knows it, without saying it: whoever
        listens must not know it too."""
        self.need("proof")
        meeting = meet()
        meeting.whole()
        said = [repr(meeting.hello), repr(meeting.joined)]
        secrets = request.getfixturevalue("secrets")
        assert secrets, (
            "the kit finds no secret to look for: override the fixture "
            "`secrets`"
        )
        _untold("the handshake", said, secrets)

    def test_no_refusal_tells_the_right_proof(self, meet: Meet) -> None:
        """ "Expected x, found y" is a gift, where x is what opens."""
        self.need("proof")
        meeting = meet()
        right = meeting.prove()
        answer = meeting.admit()
        meeting.hello["proof"] = {meeting.client.name: "0" * len(right or "")}
        told = [str(error) for error in _denied(meeting.admit)]
        meeting.joined["proof"] = {meeting.client.name: "0" * 64}
        told += [str(error) for error in _denied(meeting.confirm)]
        for proof in filter(None, (right, answer)):
            assert not any(proof in text for text in told), (
                f"a refusal tells the proof that it expected: {told}"
            )

    def _need_refusals(self) -> None:
        if "everyone" in self.capabilities:
            pytest.skip("open to everyone: it refuses nobody")


def _denied(act: Callable[[], object]) -> Iterator[Denied]:
    try:
        act()
    except Denied as error:
        yield error


def _untold(
    where: str, said: Iterable[str], secrets: Collection[bytes]
) -> None:
    for secret in secrets:
        for form in _forms(secret):
            told = [text for text in said if form in text]
            assert not told, (
                f"{where} tells a secret, or a form or a part of it: "
                f"{told[0].replace(form, '<the secret>')[:300]}"
            )


def _forms(secret: bytes) -> set[str]:
    """How a secret may be written: whole, and where it is long its two ends,
    which people show to tell one from another."""
    whole = _wholes(secret)
    long = {text for text in whole if len(text) >= 3 * PART}
    return whole | {t[:PART] for t in long} | {t[-PART:] for t in long}


def _wholes(secret: bytes) -> set[str]:
    forms = {secret}
    with suppress(ValueError):
        forms.add(bytes.fromhex(secret.decode()))
    return {
        text
        for form in forms
        for text in (
            form.decode("latin-1"),
            form.hex(),
            repr(form)[2:-1],
            base64.b64encode(form).decode().rstrip("="),
        )
    }
