"""A second process, as the check that starts it sees it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from typing import Any

from plugwire.testing.suite import DEADLINE
from plugwire.testing.transport.base import Rig

PROGRAM = "from plugwire.testing.transport.child import main; main()"
WORD_BYTES = 64 * 1024
"""Bytes of what the second process says at a time, at most."""


class Second:
    """It says JSON lines, and is told lines. `pid` is its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.pid = process.pid

    async def says(self) -> dict[str, Any]:
        """The next that it says. Fails with its last words where it ends
        before that."""
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if line:
            said: dict[str, Any] = json.loads(line)
            return said
        assert self._process.stderr is not None
        words = (await self._process.stderr.read()).decode(errors="replace")
        raise AssertionError(f"the second process ended: {words[-2000:]}")

    def tell(self, text: str) -> None:
        """Give it a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{text}\n".encode())

    async def kill(self) -> None:
        """End it as a crash does: nothing of its own runs any more."""
        self._process.kill()
        await self._process.wait()

    async def stop(self) -> None:
        """Let it end; fails where that is no clean end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        status = await self._process.wait()
        assert self._process.stderr is not None
        words = (await self._process.stderr.read()).decode(errors="replace")
        assert status == 0, f"it ended with {status}: {words[-2000:]}"


@contextlib.asynccontextmanager
async def second(rig: Rig, role: str, told: str = "") -> AsyncIterator[Second]:
    """A process in which `child` plays `role`, for `async with`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROGRAM,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=WORD_BYTES,
        # It imports what this process can, from where this one does.
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    other = Second(process)
    given = {"folder": str(rig.folder), "role": role, "told": told}
    other.tell(json.dumps({**given, "recipe": rig.recipe}))
    try:
        yield other
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        raise
    if process.returncode is None:
        async with asyncio.timeout(DEADLINE):
            await other.stop()
