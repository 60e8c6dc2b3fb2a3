"""What plugwire keeps for clients that are late: the first-party queues."""

from __future__ import annotations

from plugwire_queue.fifo import Fifo, FifoQueue, FifoSettings
from plugwire_queue.history import History, HistoryQueue, HistorySettings
from plugwire_queue.nothing import Nothing, NothingQueue

__all__ = [
    "Fifo",
    "FifoQueue",
    "FifoSettings",
    "History",
    "HistoryQueue",
    "HistorySettings",
    "Nothing",
    "NothingQueue",
]
