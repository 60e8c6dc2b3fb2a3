"""What is done to the bytes of one direction, and how a change is heard."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from plugwire.errors import ValidationFailed


class Pulse:
    """Tells everyone who waits that a setting has changed."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Belong to the running loop from now on."""
        self._event = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def beat(self) -> None:
        """Wake all, from any thread."""
        loop = self._loop
        if loop is not None:
            # A loop that is closed has nobody to wake.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._beat)

    def _beat(self) -> None:
        event, self._event = self._event, asyncio.Event()
        event.set()

    async def wait(self, seconds: float | None) -> None:
        """Wait for a beat, at most `seconds` (None: as long as it takes).

        Whoever waits looks at the settings again afterwards.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()


class Flow:
    """One direction of all connections. Set what you like when you like,
    from any thread; it holds for connections there are and to come.

    - `delay`: seconds that each byte arrives late. What is on its way is
      bounded (64 KiB a connection), as on a real long line.
    - `throttle`: bytes a second that a connection carries; None: as many as
      go.
    - `split`: bytes that are written at a time at most; None: what there
      is. Receivers may still read several pieces at once.
    - `blackhole`: while true nothing passes, neither bytes nor the end of
      the stream, and nobody is told. What was sent stays where it is and
      passes when this is lifted. New connections reach the proxy, and the
      target only after that (`up` is asked).
    - `reset_after`: a connection is reset when so many of its bytes have
      passed this way, counted from its start; exactly so many are passed
      on, but a reset may overtake the last of them. None: never.

    `bytes` counts what was passed on. A wrong value raises
    `ValidationFailed`.
    """

    __slots__ = (
        "_pulse",
        "blackhole",
        "bytes",
        "delay",
        "reset_after",
        "split",
        "throttle",
    )

    delay: float
    throttle: float | None
    split: int | None
    blackhole: bool
    reset_after: int | None
    bytes: int

    def __init__(self, pulse: Pulse) -> None:
        self._pulse = pulse
        self.bytes = 0
        self.clear()

    def clear(self) -> None:
        """Let everything pass again."""
        self.delay = 0.0
        self.throttle = self.split = self.reset_after = None
        self.blackhole = False

    def __setattr__(self, name: str, value: object) -> None:
        rule = _RULES.get(name)
        if rule is None:
            object.__setattr__(self, name, value)
            return
        expected, fits = rule
        if not fits(value):
            raise ValidationFailed(
                f"{name} of a flow: expected {expected}, found {value!r}"
            )
        object.__setattr__(self, name, value)
        self._pulse.beat()


def _seconds(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value < math.inf


def _rate(value: Any) -> bool:
    return value is None or (_seconds(value) and value > 0)


def _size(value: Any) -> bool:
    return value is None or (type(value) is int and value >= 1)


def _count(value: Any) -> bool:
    return value is None or (type(value) is int and value >= 0)


_RULES = MappingProxyType[str, tuple[str, Callable[[Any], bool]]](
    {
        "delay": ("seconds, finite, 0 or more", _seconds),
        "throttle": ("bytes a second, more than 0, or None", _rate),
        "split": ("a number of bytes, 1 or more, or None", _size),
        "reset_after": ("a number of bytes, 0 or more, or None", _count),
        "blackhole": ("True or False", lambda v: isinstance(v, bool)),
    }
)
