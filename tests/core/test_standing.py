"""What a client knows from one connection to the next."""

from __future__ import annotations

import pytest

from plugwire.handshake import Joined
from plugwire.protocol import ServerFacts
from plugwire.standing import Standing, together


def facts(incarnation: str) -> ServerFacts:
    return ServerFacts(
        event="load",
        door="main",
        incarnation=incarnation,
        codec="json",
        extensions=(),
        max_message_bytes=1024,
        kept=0,
        seq=0,
    )


@pytest.fixture
def told() -> list[int | None]:
    return []


@pytest.fixture
def standing(told: list[int | None]) -> Standing:
    return Standing(told.append)


def test_the_first_connection_misses_nothing(standing, told) -> None:
    assert standing.known is None
    standing.joined(
        facts("a"), Joined(client_id=1, kept=0, missed=7, can_send=True), 40
    )
    assert (standing.known, standing.missed, told) == (("a", 40), 0, [])
    assert standing.server == facts("a")


def test_what_the_same_server_counted_is_added_up(standing, told) -> None:
    standing.joined(facts("a"), Joined(client_id=1, kept=0, can_send=True), 40)
    standing.lost(44)
    assert standing.known == ("a", 44)
    standing.joined(
        facts("a"), Joined(client_id=2, kept=0, missed=3, can_send=True), 47
    )
    assert (standing.known, standing.missed, told) == (("a", 47), 3, [3])
    standing.gap(2)
    standing.joined(
        facts("a"), Joined(client_id=3, kept=0, missed=0, can_send=True), 49
    )
    assert (standing.missed, told) == (5, [3, 2])


def test_nobody_knows_what_another_server_said_before(standing, told) -> None:
    standing.joined(facts("a"), Joined(client_id=1, kept=0, can_send=True), 40)
    standing.joined(
        facts("b"), Joined(client_id=1, kept=0, missed=3, can_send=True), 5
    )
    assert (standing.known, standing.missed, told) == (("b", 5), None, [None])
    standing.gap(2)
    assert (standing.missed, told) == (None, [None, 2])


def test_a_sender_misses_nothing(standing, told) -> None:
    for incarnation in "ab":
        joined = Joined(client_id=None, kept=0, missed=3, can_send=True)
        standing.joined(facts(incarnation), joined, 0)
    assert (standing.missed, told) == (0, [])


def test_a_connection_that_never_was_is_not_known(standing) -> None:
    standing.lost(3)
    assert standing.known is None


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [(1, 2, 3), (0, 0, 0), (None, 2, None), (1, None, None)],
)
def test_two_losses_in_one(one, other, both) -> None:
    assert together(one, other) == both
