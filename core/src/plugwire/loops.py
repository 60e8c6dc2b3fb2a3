"""The event loops that plugwire itself makes: a blocking server's, and that
of `plugwire serve`."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable

from plugwire.errors import ConfigurationError, Problem
from plugwire.settings import EventLoop, Settings, where

LoopFactory = Callable[[], asyncio.AbstractEventLoop]


def loop_factory(settings: Settings) -> LoopFactory:
    """What makes the loop of the setting `event_loop`, for
    `asyncio.Runner(loop_factory=…)`. Raises `ConfigurationError` where
    uvloop is asked for and cannot be imported. From any thread.
    """
    if settings.event_loop is EventLoop.ASYNCIO:
        return asyncio.new_event_loop
    try:
        uvloop = importlib.import_module("uvloop")
    except ImportError as error:
        key, origin = where(settings.origins, "plugwire.event_loop")
        problem = Problem(
            key,
            origin,
            "an event loop that can be imported",
            f'"uvloop": {error}',
            'pip install "plugwire[uvloop]", or write event_loop = "asyncio"',
        )
        raise ConfigurationError([problem]) from error
    factory: LoopFactory = uvloop.new_event_loop
    return factory
