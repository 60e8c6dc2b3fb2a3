"""When a client tries again, and when it gives up."""

from __future__ import annotations

import pytest

from plugwire.backoff import Backoff
from plugwire.comeback import FIRST_CAP, STEADY, Comeback, first_attempts
from plugwire.errors import ConnectionClosed, Denied, TooManyConnections
from plugwire.handshake import HandshakeRefused
from plugwire.loading import load_settings

CAUSE = ConnectionClosed("the cable is out")


def comeback(tries: int = 3, **keys: float) -> Comeback:
    keys = {"reconnect_delay": 1.0, "reconnect_cap": 8.0, **keys}
    return Comeback("load", load_settings({"reconnect_tries": tries, **keys}))


def test_b10_tries_end_with_the_last_cause() -> None:
    back = comeback(tries=2)
    back.lost(STEADY, CAUSE)
    assert [back.delay() is None for _ in range(3)] == [False, False, True]
    last = ConnectionClosed("still out")
    assert back.failed(last) is None
    end = back.gave_up("unix:/x")
    assert end.__cause__ is last
    assert end.address == "unix:/x"
    assert "after 2 tries (reconnect_tries): still out" in str(end)


def test_b10_a_short_connection_counts_tries_anew_and_pauses_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Backoff.__init__, "__defaults__", (lambda: 1.0,))
    back = comeback(tries=2)
    back.lost(STEADY, CAUSE)
    assert back.delay() == 1
    back.lost(STEADY / 2, CAUSE)
    assert [back.delay(), back.delay(), back.delay()] == [2, 4, None]
    assert "after 2 tries" in str(back.gave_up(""))
    back.lost(STEADY, CAUSE)
    assert back.delay() == 1


def test_b10_the_first_loss_counts_from_nothing() -> None:
    back = comeback(tries=1)
    back.lost(0, CAUSE)
    assert back.delay() is not None


def test_b10_tries_without_end_are_capped_in_length() -> None:
    back = comeback(tries=0)
    back.lost(STEADY, CAUSE)
    delays = [back.delay() for _ in range(200)]
    assert all(delay is not None and 0 <= delay <= 8 for delay in delays)


@pytest.mark.parametrize(
    ("error", "ends"),
    [
        (Denied("not you"), True),
        (HandshakeRefused("codec", "speaks json", "say so"), True),
        (TooManyConnections("full"), False),
        (HandshakeRefused("busy", "stops", "later"), False),
        (CAUSE, False),
    ],
)
def test_b10_a_refusal_that_will_not_change_ends_it(error, ends) -> None:
    back = comeback()
    back.lost(STEADY, CAUSE)
    assert (back.failed(error) is error) == ends


def test_connect_tries_again_soon_and_without_end() -> None:
    pauses = first_attempts()
    delays = [pauses.next() for _ in range(200)]
    assert all(d is not None and 0 <= d <= FIRST_CAP for d in delays)
