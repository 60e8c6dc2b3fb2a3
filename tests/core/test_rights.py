"""Who may do what: everything but an explicit allow of all is a no."""

from __future__ import annotations

import threading
from asyncio import CancelledError
from typing import Any

import pytest

from plugwire.errors import Denied
from plugwire.interfaces import ALLOW, Check, Deny, Peer, Subject
from plugwire.logs import BURST, Limiter
from plugwire.rights import Rights
from plugwire.rights import rights as rights_of

PEER = Peer(transport="unix", address="here", uid=7)


def rights(*checks: Any) -> Rights:
    return Rights(checks, PEER, "status")


def saying(answer: object) -> Any:
    return lambda peer, verb, subject: answer


def test_no_check_allows_who_was_admitted() -> None:
    assert rights().verdict("send") is None
    assert rights().may("receive", "room")


def test_checks_are_told_who_what_and_where() -> None:
    asked: list[tuple[Peer, str, Subject]] = []

    def check(peer: Peer, verb: Any, subject: Subject) -> Any:
        asked.append((peer, verb, subject))
        return ALLOW

    checking: Check = check
    assert rights(checking).may("attach", "room")
    assert asked == [(PEER, "attach", Subject("status", "room"))]


def test_all_must_allow() -> None:
    assert rights(saying(ALLOW), saying(ALLOW)).may("send")
    both = rights(saying(ALLOW), saying(Deny("not today")))
    assert both.verdict("send") == Deny("not today")


@pytest.mark.parametrize(
    "answer", [None, True, "allow", 1, (), object(), [ALLOW], Deny]
)
def test_anything_but_allow_is_a_no(answer: object) -> None:
    verdict = rights(saying(answer)).verdict("send")
    assert isinstance(verdict, Deny)
    assert "'send'" in verdict.reason


def test_a_check_that_raises_is_a_no_and_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def check(peer: Peer, verb: str, subject: Subject) -> Any:
        raise OSError("the secret is 42")

    verdict = rights(saying(ALLOW), check).verdict("request")
    assert verdict == Deny("a check failed: OSError")
    assert "request" in caplog.text


def test_failures_are_logged_as_often_as_a_server_says(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def check(peer: Peer, verb: str, subject: Subject) -> Any:
        raise OSError

    limiter = Limiter()
    for _ in range(5):  # peers
        asked = Rights((check,), PEER, "status", limiter)
        for _ in range(20):
            assert not asked.may("send")
    assert len(caplog.records) == BURST
    assert caplog.records[0].exc_info is not None
    caplog.clear()
    for _ in range(20):
        rights(check).may("send")
    assert len(caplog.records) == 20


def test_a_check_that_was_cancelled_is_a_no() -> None:
    def check(peer: Peer, verb: str, subject: Subject) -> Any:
        raise CancelledError

    assert rights(check).verdict("send") == Deny(
        "a check failed: CancelledError"
    )


class CtrlC(BaseException):
    """What a handler of a signal may raise."""


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, CtrlC])
def test_the_end_of_the_program_is_no_verdict(
    error: type[BaseException],
) -> None:
    def check(peer: Peer, verb: str, subject: Subject) -> Any:
        raise error

    with pytest.raises(error):
        rights(check).may("send")


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, CtrlC])
def test_in_a_thread_of_a_server_the_end_is_the_checks_own(
    error: type[BaseException],
) -> None:
    """No signal is handled there, and the loop would end unseen."""

    def check(peer: Peer, verb: str, subject: Subject) -> Any:
        raise error

    told: list[Deny | None] = []
    thread = threading.Thread(
        target=lambda: told.append(rights(check).verdict("send"))
    )
    thread.start()
    thread.join()
    assert told == [Deny(f"a check failed: {error.__name__}")]


def test_a_coroutine_is_a_no() -> None:
    async def check(peer: Peer, verb: str, subject: Subject) -> Any:
        return ALLOW

    made = []

    def asking(*arguments: Any) -> Any:
        made.append(check(*arguments))
        return made[-1]

    assert not rights(asking).may("connect")
    made[0].close()


def test_demand_says_what_is_not_allowed_and_why() -> None:
    rights(saying(ALLOW)).demand("control")
    with pytest.raises(Denied) as caught:
        rights(saying(Deny("you only listen"))).demand("send")
    assert caught.value.reason == (
        "send on 'status' is not allowed: you only listen"
    )
    assert caught.value.mend


def test_who_is_not_checked_has_the_rights_of_all() -> None:
    other = Peer(transport="unix", address="there", uid=8)
    free = rights_of((), PEER, "status")
    assert free is rights_of((), other, "load")
    assert free.may("control")
    check = saying(ALLOW)
    assert rights_of((check,), PEER, "status") is not rights_of(
        (check,), other, "status"
    )
