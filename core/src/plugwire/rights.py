"""What one peer may do, by the checks of its door; no I/O.

Everything but an explicit *allow* of every check is a no: None, an
exception, a coroutine, a true value of another kind.
"""

from __future__ import annotations

import logging

from plugwire.cancellation import is_own
from plugwire.errors import Denied
from plugwire.interfaces import ALLOW, Check, Deny, Peer, Subject, Verb
from plugwire.logs import Limiter


class Rights:
    """Asks the checks of a door about `peer` and `event`. Their failures are
    logged by `limiter`, a server's one, for a peer has a check asked as often
    as it likes; without one each by itself."""

    __slots__ = ("_checks", "_event", "_limiter", "_peer")

    def __init__(
        self,
        checks: tuple[Check, ...],
        peer: Peer,
        event: str,
        limiter: Limiter | None = None,
    ) -> None:
        self._checks = checks
        self._limiter = limiter
        self._peer = peer
        self._event = event

    @property
    def are_all(self) -> bool:
        """Whether there is no check, so that nothing need be asked."""
        return not self._checks

    def verdict(self, verb: Verb, session: str | None = None) -> Deny | None:
        """None where every check allows, else the no."""
        if not self._checks:
            return None
        subject = Subject(self._event, session)
        for check in self._checks:
            try:
                answer: object = check(self._peer, verb, subject)
            except BaseException as error:
                if not is_own(error):
                    raise
                limiter = self._limiter or Limiter()
                limiter.say(
                    logging.ERROR,
                    "check",
                    "a check failed on %r",
                    verb,
                    error=error,
                )
                return Deny(f"a check failed: {type(error).__name__}")
            if answer is ALLOW:
                continue
            if isinstance(answer, Deny):
                return answer
            return Deny(f"a check gave no verdict on {verb!r}")
        return None

    def may(self, verb: Verb, session: str | None = None) -> bool:
        """Whether the peer may `verb`."""
        return self.verdict(verb, session) is None

    def demand(self, verb: Verb, session: str | None = None) -> None:
        """Raise `Denied` unless the peer may `verb`."""
        verdict = self.verdict(verb, session)
        if verdict is not None:
            raise Denied(
                f"{verb} on {self._event!r} is not allowed: {verdict.reason}",
                "the server's permissions decide",
            )


def rights(
    checks: tuple[Check, ...],
    peer: Peer,
    event: str,
    limiter: Limiter | None = None,
) -> Rights:
    """What `peer` may do. One and the same for all peers where nothing is
    checked: there every answer is yes."""
    return Rights(checks, peer, event, limiter) if checks else _ALL


_ALL = Rights((), Peer(transport="", address=""), "")
