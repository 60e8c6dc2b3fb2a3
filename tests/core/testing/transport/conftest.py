"""Transports that are broken in one place, made of ones that are whole."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from plugwire import hookimpl
from plugwire.memory import Memory, MemoryListener
from plugwire.testing import pipes, suite
from plugwire.testing.transport import ends, threads

PATIENCE = 2.0
"""Seconds that a broken transport's check waits in vain."""

Meddle = Callable[[Any], None]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What never comes need not be waited for as long as what may come."""
    monkeypatch.setattr(ends, "PATIENCE", PATIENCE)
    for module in (pipes, suite, threads):
        monkeypatch.setattr(module, "DEADLINE", 2 * PATIENCE)


@pytest.fixture
def meddled() -> Callable[[Meddle], type]:
    """A transport within this process, of which each end's asyncio transport
    went through the hands of `meddle`."""

    def make(meddle: Meddle) -> type:
        class Listener(MemoryListener):
            def dial(self, loop: asyncio.AbstractEventLoop) -> Any:
                near = super().dial(loop)
                meddle(near)
                return near

            def _accept(self, end: Any) -> None:
                meddle(end)
                super()._accept(end)

        class Meddled(Memory):
            @hookimpl
            def bind(self, endpoint: str, socket_dir: Any) -> Any:
                return Listener(endpoint, socket_dir)

        return Meddled

    return make
