"""The first-party queues pass the conformance kit."""

from __future__ import annotations

from typing import ClassVar

from plugwire.testing import QueueSuite
from plugwire_queue import Fifo, History, Nothing


class TestFifo(QueueSuite):
    plugin = Fifo
    capabilities = ("once", "messages", "bytes")


class TestFifoOfAge(TestFifo):
    settings: ClassVar = {"size": 7, "age": 60.0}
    capabilities = ("once", "messages", "bytes", "age")


class TestHistory(QueueSuite):
    plugin = History
    capabilities = ("each", "messages", "bytes")


class TestHistoryOfAge(TestHistory):
    settings: ClassVar = {"age": 60.0}
    capabilities = ("each", "messages", "bytes", "age")


class TestNothing(QueueSuite):
    plugin = Nothing
