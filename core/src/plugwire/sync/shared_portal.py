"""One portal for all who need one."""

from __future__ import annotations

import threading
from collections.abc import Callable

from plugwire import forks
from plugwire.sync.portal import Portal


class Lease:
    """The right to use a shared portal, until `end`."""

    def __init__(self, portal: Portal, end: Callable[[Lease], None]) -> None:
        self.portal = portal
        self._end = end

    def end(self) -> None:
        """Give it back; the last who does ends the portal. Twice is
        harmless."""
        self._end(self)


class SharedPortal:
    """One portal for all who need one, from the first lease to the last.

    One thread and three descriptors serve any number of clients: their
    loops would take turns at the interpreter anyway.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._leases: set[Lease] = set()
        self._portal: Portal | None = None
        forks.watch(self)

    def borrow(self) -> Lease:
        """A lease of the portal; a new one where there is none alive."""
        with self._lock:
            if self._portal is None or self._portal.ended:
                self._leases.clear()
                self._portal = Portal(self._name)
            lease = Lease(self._portal, self._end)
            self._leases.add(lease)
            return lease

    def _end(self, lease: Lease) -> None:
        with self._lock:
            if lease not in self._leases:
                return
            self._leases.discard(lease)
            if self._leases:
                return
            self._portal = None
        lease.portal.stop()

    def after_fork(self) -> None:
        """In a forked child: the portal is the parent's."""
        self._lock = threading.Lock()
        self._leases = set()
        self._portal = None
