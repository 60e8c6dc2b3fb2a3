"""Servers that are told of beside their layers."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from opentelemetry.metrics import MeterProvider

from plugwire_metrics.instruments import instruments
from plugwire_metrics.servers import Watched


class observe:  # noqa: N801 - it reads as the function that it is used as
    """Tell of a server, of either face: its clients, what waits for them,
    and its counters (`Server.stats`), which its layers do not see::

        with observe(server):
            await server.serve_forever()

    From the call on, until `close` or the end of the block. `meter_provider`
    is OpenTelemetry's own where none is given. The server is asked in the
    thread that collects; one that is gone is forgotten by itself.
    """

    def __init__(
        self, server: Watched, *, meter_provider: MeterProvider | None = None
    ) -> None:
        self._instruments = instruments(meter_provider)
        self._server = server
        self._instruments.watch(server)

    def close(self) -> None:
        """Tell of it no more. Harmless when that was done before."""
        self._instruments.forget(self._server)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
