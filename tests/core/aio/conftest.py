"""Fixtures of the asyncio face's own tests."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Until = Callable[[Callable[[], object]], Awaitable[None]]


@pytest.fixture
def told() -> Iterator[dict[str, Any]]:
    """Settings of servers and clients over Unix sockets, and nothing else.
    The path is short: a socket's may have 108 bytes in all."""
    place = Path(tempfile.mkdtemp(prefix="pw-"))
    yield {"socket_dir": str(place / "run"), "reconnect_delay": 0.01}
    shutil.rmtree(place)


@pytest.fixture
def inside(tmp_path: Path) -> dict[str, Any]:
    """Settings of servers and clients in this process."""
    return {"transport": "memory", "socket_dir": str(tmp_path)}


@pytest.fixture
def until() -> Until:
    """Waits for a condition; 20 s are more than any takes."""

    async def wait(condition: Callable[[], object]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                await asyncio.sleep(0.002)

    return wait
