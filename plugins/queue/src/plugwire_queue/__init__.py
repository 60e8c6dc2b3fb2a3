"""What plugwire keeps for clients that are late: the first-party queues.

Each is imported when it is asked for: a program uses one.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

_ROOMS = {
    "Fifo": "fifo",
    "FifoQueue": "fifo",
    "FifoSettings": "fifo",
    "History": "history",
    "HistoryQueue": "history",
    "HistorySettings": "history",
    "Nothing": "nothing",
    "NothingQueue": "nothing",
}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
