"""`QueueSuite`: what a queue owes to the server whose broadcasts it keeps.

An author's whole test file::

    from plugwire.testing import QueueSuite
    from plugwire_ring import Ring

    class TestRing(QueueSuite):
        plugin = Ring
        capabilities = ("once", "messages")
"""

from __future__ import annotations

from plugwire.testing.queue.asking import Asking
from plugwire.testing.queue.bounds import Bounds
from plugwire.testing.queue.handing import Handing
from plugwire.testing.queue.history import Histories
from plugwire.testing.queue.losses import Losses
from plugwire.testing.queue.ordering import Ordering
from plugwire.testing.queue.serving import Serving

__all__ = ["QueueSuite"]


class QueueSuite(
    Asking, Handing, Ordering, Bounds, Losses, Histories, Serving
):
    """Subclass it, and name the plugin and what it promises."""
