"""A Prometheus endpoint of a running server, scraped over HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import start_http_server

from plugwire.sync import Client, Server
from plugwire_metrics import Metrics, MetricsSettings, observe

_LINE = re.compile(r"^(plugwire_\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)


class Endpoint:
    """Told of by `provider`, and served on loopback."""

    def __init__(self) -> None:
        self.provider = MeterProvider(
            metric_readers=[PrometheusMetricReader()]
        )
        self._http, self._thread = start_http_server(0, addr="127.0.0.1")

    def scrape(self) -> list[tuple[str, dict[str, str], float]]:
        url = f"http://127.0.0.1:{self._http.server_port}/metrics"
        with urlopen(url, timeout=20) as answer:
            text = answer.read().decode()
        return [
            (name, dict(re.findall(r'(\w+)="([^"]*)"', labels)), float(value))
            for name, labels, value in _LINE.findall(text)
        ]

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(20)
        self.provider.shutdown()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    endpoint = Endpoint()
    yield endpoint
    endpoint.close()


def test_a_scrape_tells_what_happened(endpoint: Endpoint, place: Path) -> None:
    often = MetricsSettings(latency_per_second=1_000_000)
    with (
        Server(
            "status",
            socket_dir=str(place),
            extensions=[Metrics(often, endpoint.provider)],
        ) as server,
        observe(server, meter_provider=endpoint.provider),
        Client("status", socket_dir=str(place)) as client,
    ):
        server.on_message(lambda client, message: {"n": 1})
        for number in range(7):
            server.broadcast({"n": number})
        client.request({"n": 0}, timeout=20)
        seen = endpoint.scrape()
    by_name: dict[str, list[tuple[dict[str, str], float]]] = {}
    for name, labels, value in seen:
        by_name.setdefault(name, []).append((labels, value))
    messages = {
        labels["messaging_operation_type"]: value
        for labels, value in by_name["plugwire_messages_total"]
    }
    assert messages == {"send": 8.0, "receive": 1.0}
    for name, value in (
        ("plugwire_server_clients", 1.0),
        ("plugwire_server_queued", 0.0),
        ("plugwire_server_broadcasts_total", 7.0),
        ("plugwire_server_dropped_total", 0.0),
        ("plugwire_queue_kept", 0.0),
        ("plugwire_latency_seconds_count", 1.0),
    ):
        ((labels, found),) = by_name[name]
        assert found == value, name
        assert labels["messaging_system"] == "plugwire"
        assert labels["messaging_destination_name"] == "status"
    assert by_name["plugwire_io_bytes_total"][0][1] > 0
