"""Metrics at an endpoint that Prometheus can scrape, by OpenTelemetry.

Needs `plugwire[metrics]` and `opentelemetry-exporter-prometheus`. The
extension `metrics` counts; which exporter takes the numbers away is the
program's choice. Here it scrapes itself, as Prometheus would.
"""

import asyncio
from urllib.request import urlopen

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import set_meter_provider
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import start_http_server

from plugwire import Client, Server
from plugwire_metrics import observe


def scrape(port: int) -> dict[str, str]:
    """The endpoint's numbers of plugwire, without their labels."""
    with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    return {
        line.partition("{")[0]: line.rpartition(" ")[2]
        for line in lines
        if line.startswith("plugwire_")
    }


async def main(port: int) -> None:
    # The extension counts what passes; a server's clients, and what waits
    # for them, `observe` tells of.
    server = Server("example_metrics", extensions=["metrics"])
    async with server, Client("example_metrics") as client:
        with observe(server):
            for number in range(5):
                server.broadcast({"n": number})
            for _ in range(5):
                await client.receive(timeout=5)
            seen = await asyncio.to_thread(scrape, port)
    for name in ("messages_total", "server_clients", "server_queued"):
        print(f"plugwire_{name} {seen[f'plugwire_{name}']}")


set_meter_provider(MeterProvider([PrometheusMetricReader()]))
endpoint, thread = start_http_server(0, addr="127.0.0.1")  # usually 9464
asyncio.run(main(endpoint.server_port))
endpoint.shutdown()
endpoint.server_close()
thread.join()
