"""What must not live on in a forked child.

Sockets, locks and loops are shared with the parent after `fork`, and nothing
good can come of two processes using them. Whoever holds such things says so
here, and is told in the child.
"""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class Holder(Protocol):
    """Something that is dead in a forked child."""

    def after_fork(self) -> None:
        """In the child: let go of everything that is the parent's, without
        a word to anybody; raise from every call from now on."""


_holders: weakref.WeakSet[Holder] = weakref.WeakSet()


def watch(holder: Holder) -> None:
    """Call `holder.after_fork()` in forked children, while it lives."""
    _holders.add(holder)


def _after_fork() -> None:
    for holder in tuple(_holders):
        holder.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
