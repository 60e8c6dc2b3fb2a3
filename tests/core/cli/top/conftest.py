"""What the tests of `plugwire top` share: a model with a clock to turn."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from plugwire import Message, MessageType
from plugwire.cli.top.model import Model

BEGAN = 1_700_000_000.0
"""The wall clock at the beginning, in seconds since 1970."""


class Clock:
    """A steady clock, and one on the wall that goes with it."""

    def __init__(self) -> None:
        self.steady = 1000.0

    def now(self) -> float:
        return self.steady

    def wall(self) -> float:
        return BEGAN + self.steady - 1000.0

    def turn(self, seconds: float) -> None:
        self.steady += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def model(clock: Clock) -> Model:
    return Model("load", now=clock.now, wall=clock.wall)


@pytest.fixture
def say(model: Model, clock: Clock) -> Callable[..., None]:
    """Lets the model receive data, made `ago` milliseconds before."""

    def say(
        data: dict,
        *,
        ago: int = 0,
        kept: bool = False,
        message_type: MessageType = MessageType.DATA,
    ) -> None:
        model.received(
            Message(
                event_name="load",
                timestamp_ms=int(clock.wall() * 1000) - ago,
                timestamp_iso="",
                message_type=message_type,
                data=data,
                kept=kept,
            )
        )

    return say
