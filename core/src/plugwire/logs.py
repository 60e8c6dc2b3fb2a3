"""How plugwire logs: under `plugwire`, silent unless the program asks.

What a peer said is escaped and cut before it is logged, repeats are limited,
payloads and tokens are never logged at all.
"""

from __future__ import annotations

import codecs
import logging
import time
from collections.abc import Callable

log = logging.getLogger("plugwire")
"""The library's own. A plugin may have a child of it, `log.getChild(name)`,
so that a program hears of all that plugwire says under one name."""
log.addHandler(logging.NullHandler())

# Imported with us, not by the first `clean`: one that a loop's thread is in
# the midst of when the program forks holds the import's lock in the child.
codecs.lookup("unicode_escape")

CUT = 200
"""Characters of a peer's text that are shown at most."""
BURST = 10
"""Lines of one kind that a `Limiter` lets through in a `WINDOW`."""
WINDOW = 10.0
"""Seconds."""


def clean(text: object) -> str:
    """`text` in printable ASCII, cut to `CUT` characters and "...".

    What is clean already stays as it is: both ends clean what they pass on.
    """
    shown = str(text)[: CUT + 1]
    if (
        len(shown) <= CUT
        and shown.isascii()
        and shown.isprintable()
        and "\\" not in shown
    ):
        return shown
    shown = shown.encode("unicode_escape").decode("ascii")
    shown = shown.replace("\\\\", "\\")
    return shown[:CUT] + "..." if len(shown) > CUT else shown


class Limiter:
    """Lets through `BURST` lines of a kind in each `WINDOW`, and says how
    many it held back when the next one passes."""

    __slots__ = ("_kinds", "_now")

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._kinds: dict[str, tuple[float, int]] = {}

    def passes(self, kind: str) -> tuple[bool, int]:
        """Whether a line of `kind` may be logged, and how many of its kind
        were held back before it. Kinds are the caller's own fixed words, so
        that there are few."""
        now = self._now()
        since, count = self._kinds.get(kind, (now, 0))
        if now - since >= WINDOW:
            held, since, count = max(0, count - BURST), now, 0
        else:
            held = 0
        self._kinds[kind] = (since, count + 1)
        return count < BURST, held

    def say(
        self,
        level: int,
        kind: str,
        text: str,
        *args: object,
        error: BaseException | None = None,
    ) -> None:
        """Log `text % args`, with the traceback of `error`, unless lines of
        this kind came too often."""
        passes, held = self.passes(kind)
        if passes:
            if held:
                text += f" ({held} more like it were not logged)"
            log.log(level, text, *args, exc_info=error)


def note(handler: str, error: BaseException, limiter: Limiter) -> None:
    """Log what a handler raised where nobody else hears of it; by `limiter`,
    since a peer can have it raise as often as it likes."""
    limiter.say(
        logging.ERROR,
        handler,
        "the handler %s raised %r",
        handler,
        error,
        error=error,
    )
