"""Seeing input and output happen, by the interpreter's own audit events."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import get_ident
from typing import Any

WATCHED = (
    "open",
    "os.",
    "shutil.",
    "socket.",
    "sqlite3.",
    "subprocess.",
    "tempfile.",
    "time.sleep",
    "urllib.",
)
"""Beginnings of the names of the events that are input, output or waiting.
Of waiting the interpreter tells from Python 3.13 on."""

_watchers: dict[int, list[str]] = {}


@contextmanager
def watched() -> Iterator[list[str]]:
    """What this thread does within the block that is input, output or
    waiting, each as text. An import is seen as the reading of its file: let
    what is watched run once before."""
    _listen()
    seen: list[str] = []
    _watchers[get_ident()] = seen
    try:
        yield seen
    finally:
        del _watchers[get_ident()]


@cache
def _listen() -> None:
    # A hook stays for as long as the process: it is installed once.
    sys.addaudithook(_note)


def _note(event: str, given: tuple[Any, ...]) -> None:
    if _watchers and event.startswith(WATCHED):
        seen = _watchers.get(get_ident())
        if seen is not None:
            seen.append(f"{event}{given!r:.200}")
