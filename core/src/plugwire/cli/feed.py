"""Standard input as lines, without a thread and without blocking the loop."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Any

CHUNK = 64 * 1024
"""Bytes read at once: what a pipe holds."""


class TooLong(Exception):
    """A line that was longer than allowed, and is not kept."""


async def chunks(fd: int) -> AsyncIterator[bytes]:
    """What can be read from `fd`, up to its end; read when it is asked for.

    The descriptor stays in blocking mode, for it is shared: with a terminal,
    with whoever reads after us. Regular files cannot be waited for: they are
    read in a worker thread.
    """
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    waits = True
    while True:
        if waits:
            ready.clear()
            try:
                loop.add_reader(fd, ready.set)
            except (PermissionError, NotImplementedError):
                waits = False
                continue
            try:
                await ready.wait()
            finally:
                loop.remove_reader(fd)
            data = os.read(fd, CHUNK)
        else:
            data = await loop.run_in_executor(None, os.read, fd, CHUNK)
        if not data:
            return
        yield data


class Splitter:
    """Cuts bytes into lines of at most `limit` bytes, holding no more."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = bytearray()
        self._skipping = False

    def feed(self, data: bytes) -> list[bytes | TooLong]:
        """The lines that `data` completes, in order."""
        lines: list[bytes | TooLong] = []
        *ended, rest = data.split(b"\n")
        for part in ended:
            self._hold(part)
            lines.append(self._take())
        self._hold(rest)
        return lines

    def end(self) -> list[bytes | TooLong]:
        """The last line, where no line feed ended it."""
        return [self._take()] if self._held or self._skipping else []

    def _hold(self, part: bytes) -> None:
        if self._skipping:
            return
        if len(self._held) + len(part) > self._limit:
            self._held.clear()
            self._skipping = True
        else:
            self._held += part

    def _take(self) -> bytes | TooLong:
        if self._skipping:
            self._skipping = False
            return TooLong(f"it has over {self._limit} bytes")
        line = bytes(self._held)
        self._held.clear()
        return line.removesuffix(b"\r")


def as_data(line: bytes) -> dict[str, Any]:
    """What a line says: the JSON object that it is, else its text.

    Bytes that are no UTF-8 become U+FFFD first: one odd byte in a log must
    not end the whole feed.
    """
    text = line.decode("utf-8", "replace")
    if text.lstrip().startswith("{"):
        import msgspec

        try:
            found = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            found = None
        if isinstance(found, dict):
            return found
    return {"text": text}
