"""Queues that keep every promise, for others to break."""

from __future__ import annotations

from collections import deque

from plugwire import hookimpl
from plugwire.testing.companions import ShelfQueue

ONCE = ("once", "messages")
HISTORY = ("each", "messages")


class Shelf(ShelfQueue):
    """The kit's own: what nobody heard, for one; a thousand at most."""


class Ring:
    """A history, as a stranger would write it."""

    def __init__(self):
        self.items = deque(maxlen=50)

    def wants(self, joined):
        return True

    def offer(self, item, joined):
        self.items.append(item)
        return 0

    def preface(self, joined, since, now):
        return [i for i in self.items if since is None or i.seq > since]

    def handed(self, item): ...
    def returned(self, items): ...

    def clear(self):
        count = len(self.items)
        self.items.clear()
        return count

    def __len__(self):
        return len(self.items)


class Void:
    """Keeps nothing."""

    def wants(self, joined):
        return False

    def offer(self, item, joined):
        return 0

    def preface(self, joined, since, now):
        return ()

    def handed(self, item): ...
    def returned(self, items): ...

    def clear(self):
        return 0

    def __len__(self):
        return 0


def plugin(make):
    """The plugin whose queues `make` makes."""

    class Plugin:
        @hookimpl
        def queue(self):
            return make()

    Plugin.__name__ = make.__name__
    return Plugin
