"""`rules`: who may do what, in a list; what is not listed is denied."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeAlias, get_args

from plugwire import ValidationFailed, check_event_name, hookimpl
from plugwire.interfaces import (
    ALLOW,
    Check,
    Deny,
    Peer,
    Subject,
    Verb,
    Verdict,
)
from plugwire_permissions.identity import in_groups

VERBS: tuple[Verb, ...] = get_args(Verb)
Verbs: TypeAlias = tuple[Literal[Verb, "*"], ...]

_WHO = re.compile(
    r"(?:(?P<any>\*)|(?P<kind>uid|gid):(?P<id>0|[1-9][0-9]{0,9})"
    r"|transport:(?P<transport>[a-z][a-z0-9_]*))\Z"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One thing that is allowed.

    `who` is `*`, `uid:N`, `gid:N` or `transport:NAME`; `verbs` are some of
    connect, receive, send, request, attach, control, or `*` for all;
    `event` and `session` are a name or `*`. An act without a session is
    matched by `*` alone. Raises ValueError for anything else, the field
    first in its text.
    """

    # Without this a misspelt key of a table in `allow` would be passed
    # over, and the rule allow more than was meant.
    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    who: str
    verbs: Verbs
    event: str = "*"
    session: str = "*"

    def __post_init__(self) -> None:
        _matcher(self.who)
        if not self.verbs or not {*self.verbs} <= {*VERBS, "*"}:
            raise ValueError(
                f"verbs: expected one or more of {', '.join(VERBS)} and *, "
                f"found {list(self.verbs)!r}"
            )
        for key, name in (("event", self.event), ("session", self.session)):
            if name != "*":
                try:
                    check_event_name(name)
                except ValidationFailed as error:
                    raise ValueError(
                        f"{key}: expected a name or *: {error}"
                    ) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesSettings:
    """What is allowed; with no rule at all, nothing is."""

    allow: tuple[Rule, ...] = ()


class Rules:
    """The permission `rules`."""

    Settings = RulesSettings

    def __init__(self, settings: RulesSettings) -> None:
        # By verb, so that a message is looked up among the rules for it.
        self._rules = {
            verb: tuple(
                (_matcher(rule.who), rule.event, rule.session)
                for rule in settings.allow
                if "*" in rule.verbs or verb in rule.verbs
            )
            for verb in VERBS
        }

    @hookimpl
    def authorize(self) -> Check:
        """The check of these rules."""
        return self.check

    def check(
        self, peer: Peer, verb: Verb, subject: Subject
    ) -> Verdict | Deny:
        """`ALLOW` when a rule matches, else a `Deny` that says what of."""
        for is_meant, event, session in self._rules.get(verb, ()):
            if (
                event in ("*", subject.event)
                and session in ("*", subject.session)
                and is_meant(peer)
            ):
                return ALLOW
        where = f"{subject.event!r:.80}"
        if subject.session is not None:
            where += f", session {subject.session!r:.80}"
        return Deny(f"no rule allows {verb} on {where} to {peer}")


def _matcher(who: str) -> Callable[[Peer], bool]:
    """What tells whether a peer is `who`; ValueError for no such form."""
    match = _WHO.match(who) if isinstance(who, str) else None
    if match is None:
        raise ValueError(
            "who: expected *, uid:N, gid:N or transport:NAME, found "
            f"{who!r:.80}"
        )
    if match["any"]:
        return lambda _peer: True
    if match["transport"]:
        name = match["transport"]
        return lambda peer: peer.transport == name
    number = int(match["id"])
    if match["kind"] == "uid":
        return lambda peer: peer.uid == number
    return lambda peer: in_groups(peer, (number,))
