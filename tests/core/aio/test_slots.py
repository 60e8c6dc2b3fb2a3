"""Each role has its places, and none keeps another out."""

from __future__ import annotations

from typing import cast

import pytest

from plugwire.aio.host import Guest
from plugwire.aio.slots import IDLE, Slots
from plugwire.errors import TooManyConnections
from plugwire.handshake import Role


class Visitor:
    def __init__(self, slots: Slots, role: Role) -> None:
        self.role = role
        self.reason = ""
        self._slots = slots
        self.guest = cast("Guest", self)

    def end(self, reason: str, *, final: bool = False) -> None:
        assert not final  # it may come again
        self.reason = reason
        self._slots.free(self.guest)


class Door:
    """Three places for members and two for each other role, and a clock."""

    def __init__(self) -> None:
        self.time = 0.0
        self.slots = Slots("door 'a' of 'b'", 3, 2, lambda: self.time)

    def come(self, role: Role) -> Visitor:
        visitor = Visitor(self.slots, role)
        self.slots.take(visitor.guest)
        self.time += 0.1
        return visitor


@pytest.mark.parametrize(
    ("role", "most", "setting"),
    [
        ("member", 3, "max_connections"),
        ("sender", 2, "service_connections"),
        ("control", 2, "service_connections"),
    ],
)
def test_a_role_has_so_many_places(
    role: Role, most: int, setting: str
) -> None:
    door = Door()
    there = [door.come(role) for _ in range(most)]
    with pytest.raises(TooManyConnections) as caught:
        door.come(role)
    assert f"door 'a' of 'b' is full: {most} connections" in str(caught.value)
    assert setting in str(caught.value)
    door.slots.free(there[0].guest)
    door.slots.free(there[0].guest)
    door.come(role)
    with pytest.raises(TooManyConnections):
        door.come(role)


def test_silent_senders_keep_no_question_out() -> None:
    door = Door()
    senders = [door.come("sender") for _ in range(2)]
    for _ in range(2):
        door.come("control")
    door.time += 10 * IDLE
    with pytest.raises(TooManyConnections):
        door.come("sender")
    assert not any(sender.reason for sender in senders)


def test_who_asks_nothing_gives_its_place_to_the_next() -> None:
    door = Door()
    first, second = (door.come("control") for _ in range(2))
    door.time += IDLE - 0.3
    with pytest.raises(TooManyConnections):
        door.come("control")
    door.slots.asked(first.guest)
    door.time += 0.4
    door.come("control")
    assert "asked nothing for 5 s" in second.reason
    assert first.reason == ""


def test_who_is_no_question_is_not_made_one() -> None:
    door = Door()
    sender = door.come("sender")
    door.slots.asked(sender.guest)
    for _ in range(2):
        door.come("control")
