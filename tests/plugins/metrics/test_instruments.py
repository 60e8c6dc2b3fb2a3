"""Instruments, one set a provider."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref
from types import SimpleNamespace

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from plugwire_metrics.instruments import MAX_SERIES, instruments
from plugwire_metrics.naming import EVENT


def test_a_provider_has_one_set(telemetry: SimpleNamespace) -> None:
    first = instruments(telemetry.provider)
    assert instruments(telemetry.provider) is first
    other = MeterProvider(metric_readers=[InMemoryMetricReader()])
    assert instruments(other) is not first
    other.shutdown()


def test_without_one_it_is_opentelemetrys_own() -> None:
    first = instruments(None)
    assert instruments(None) is first


LATER = """
from opentelemetry.metrics import get_meter_provider, set_meter_provider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from plugwire_metrics.instruments import instruments

here = {"plugwire.side": "server"}
instruments(None).flow(here).frame(1)
reader = InMemoryMetricReader()
set_meter_provider(MeterProvider([reader]))
instruments(None).flow(here).frame(20)
instruments(get_meter_provider()).flow(here).frame(300)
for metric in (reader.get_metrics_data().resource_metrics[0]
               .scope_metrics[0].metrics):
    if metric.name == "plugwire.io":
        print([point.value for point in metric.data.data_points])
"""


def test_the_provider_may_be_set_later() -> None:
    """A pipeline that was composed before counts like one made after."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", LATER],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("[321]\n", "")


def test_equal_attributes_are_one_tally(telemetry: SimpleNamespace) -> None:
    told = instruments(telemetry.provider)
    flow = told.flow({EVENT: "a"})
    assert told.flow({EVENT: "a"}) is flow
    assert told.flow({EVENT: "b"}) is not flow
    assert told.keeping({EVENT: "a"}) is told.keeping({EVENT: "a"})
    assert told.denials({EVENT: "a"}) is told.denials({EVENT: "a"})


def test_what_nobody_did_is_told_as_little_as_can_be(
    telemetry: SimpleNamespace,
) -> None:
    told = instruments(telemetry.provider)
    flow = told.flow({EVENT: "a"})
    told.denials({EVENT: "a"})
    told.keeping({EVENT: "a"})
    seen = telemetry.collect()
    assert seen.value("plugwire.messages") is None
    assert seen.value("plugwire.denied") is None
    assert seen.value("plugwire.io") == 0
    assert seen.value("plugwire.queue.kept") == 0
    flow.frame(3)
    assert telemetry.collect().value("plugwire.io") == 3


def test_events_without_end_are_one_series(telemetry: SimpleNamespace) -> None:
    told = instruments(telemetry.provider)
    flows = [told.flow({EVENT: f"e{n}"}) for n in range(MAX_SERIES + 50)]
    for flow in flows:
        flow.frame(1)
    assert len(set(map(id, flows))) == MAX_SERIES + 1
    assert told.flow({EVENT: "e0"}) is flows[0]
    seen = telemetry.collect()
    assert len(seen.points("plugwire.io")) == MAX_SERIES + 1
    (over,) = [
        point
        for point in seen.points("plugwire.io")
        if point.attributes.get("otel.metric.overflow") is True
    ]
    assert over.value == 50


def test_a_provider_that_is_gone_is_let_go() -> None:
    provider = MeterProvider(metric_readers=[InMemoryMetricReader()])
    told = weakref.ref(instruments(provider))
    provider.shutdown()
    del provider
    gc.collect()
    assert told() is None
