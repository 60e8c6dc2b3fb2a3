"""A message to start from, a provider, what it collects, a short folder."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    HistogramDataPoint,
    InMemoryMetricReader,
)

from plugwire.message import Message, MessageType


@pytest.fixture(scope="session")
def message() -> Callable[..., Message]:
    """Makes a message, with the given fields in place of the usual."""

    def make(**changes: Any) -> Message:
        fields: dict[str, Any] = {
            "event_name": "status",
            "timestamp_ms": 1767960000123,
            "timestamp_iso": "2026-01-09T12:00:00.123+00:00",
            "message_type": MessageType.DATA,
            "data": {},
        }
        return Message(**(fields | changes))

    return make


class Collected:
    """What a provider's reader has of one collection."""

    def __init__(self, reader: InMemoryMetricReader) -> None:
        data = reader.get_metrics_data()
        self.metrics = {
            metric.name: metric
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }

    def points(self, name: str, **attributes: str) -> list[Any]:
        """The points whose attributes end in these words: `side="server"`
        is `plugwire.side`."""
        if name not in self.metrics:
            return []
        return [
            point
            for point in self.metrics[name].data.data_points
            if all(
                any(
                    key.replace(".", "_").endswith(word) and found == value
                    for key, found in point.attributes.items()
                )
                for word, value in attributes.items()
            )
        ]

    def value(self, name: str, **attributes: str) -> Any:
        """The one point's value, of a histogram the count; None where there
        is none."""
        points = self.points(name, **attributes)
        if not points:
            return None
        (point,) = points
        if isinstance(point, HistogramDataPoint):
            return point.count
        return point.value


@pytest.fixture
def telemetry() -> Iterator[SimpleNamespace]:
    """`provider`, the SDK's, and `collect()`."""
    reader = InMemoryMetricReader()
    provider = MeterProvider(metric_readers=[reader])
    yield SimpleNamespace(provider=provider, collect=lambda: Collected(reader))
    provider.shutdown()


@pytest.fixture
def place() -> Iterator[Path]:
    """An empty folder, its path short enough for a Unix socket."""
    folder = Path(tempfile.mkdtemp(prefix="pw-"))
    yield folder
    shutil.rmtree(folder)
