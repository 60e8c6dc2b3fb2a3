"""Memory that large frames are read into."""

from __future__ import annotations

import pytest

from plugwire import rooms
from plugwire.rooms import AHEAD_BYTES, FEW_BYTES, SHARE, SPARE_BYTES


@pytest.fixture(autouse=True)
def _no_spare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "_local", rooms._Local())


def test_a_room_is_no_larger_than_a_few_times_what_is_there() -> None:
    assert rooms.take(1 << 24, FEW_BYTES - 1) is None
    small = rooms.take(1 << 24, FEW_BYTES)
    assert small is not None
    assert len(small) == SHARE * FEW_BYTES
    whole = rooms.take(1 << 20, 500_000)
    assert whole is not None
    assert len(whole) == (1 << 20) + AHEAD_BYTES


def test_a_room_that_was_given_back_is_the_next_one() -> None:
    room = rooms.take(1 << 20, 500_000)
    assert room is not None
    rooms.give(room)
    assert rooms.take(1 << 20, 20_000) is None  # it will do when more is here
    assert rooms.take(1 << 20, 200_000) is room
    assert rooms._local.spare is None


def test_a_large_room_is_not_kept_and_of_two_the_larger_is() -> None:
    rooms.give(memoryview(bytearray(SPARE_BYTES + 1)))
    assert rooms._local.spare is None
    one, two = memoryview(bytearray(2)), memoryview(bytearray(1))
    rooms.give(one)
    rooms.give(two)
    assert rooms._local.spare is one


def test_memory_is_kept_from_the_first_large_frame_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rooms, "_is_kept", False)
    rooms.take(1 << 20, 500_000)
    assert rooms._is_kept
