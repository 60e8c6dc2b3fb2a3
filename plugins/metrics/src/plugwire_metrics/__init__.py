"""Metrics of plugwire: an extension that counts what passes its layers."""

from __future__ import annotations

from msgspec.structs import replace
from opentelemetry.metrics import MeterProvider

from plugwire import hookimpl
from plugwire.interfaces import Context, Decoder, DecoderFactory, Layers
from plugwire_metrics.instruments import Instruments, instruments
from plugwire_metrics.layers import (
    CountingDecoder,
    CountingEncoder,
    CountingQueue,
    Stopwatch,
    counting,
)
from plugwire_metrics.naming import CODEC, DOOR, EVENT, OPERATION, SIDE, SYSTEM
from plugwire_metrics.observing import observe
from plugwire_metrics.settings import MetricsSettings

__all__ = ["Metrics", "MetricsSettings", "observe"]


class Metrics:
    """The plugin `metrics`, with the settings `[plugwire.metrics]`.

    A program may hand over an instance with a `meter_provider` of its own,
    in place of OpenTelemetry's.
    """

    Settings = MetricsSettings

    def __init__(
        self,
        settings: MetricsSettings | None = None,
        meter_provider: MeterProvider | None = None,
    ) -> None:
        self.settings = settings or MetricsSettings()
        self._provider = meter_provider

    @hookimpl
    def wrap(self, layers: Layers, context: Context) -> Layers:
        """The layers, each of them counted."""
        told = instruments(self._provider)
        everywhere = {
            SYSTEM: "plugwire",
            EVENT: context.event,
            SIDE: context.side,
        }
        here = {**everywhere, DOOR: context.door}
        codec = {CODEC: layers.encoder.format}
        # Doors that encode alike share the first one's encoder.
        there = everywhere if context.side == "server" else here
        queue = layers.queue
        if queue is not None:
            queue = CountingQueue(queue, told.keeping(everywhere))
        checks = layers.checks
        if checks:
            denials = told.denials(here)
            checks = tuple(counting(check, denials) for check in checks)
        sending = told.flow({**there, **codec, OPERATION: "send"})
        return replace(
            layers,
            encoder=CountingEncoder(layers.encoder, sending),
            decoder=self._decoder(
                layers.decoder, told, {**here, **codec, OPERATION: "receive"}
            ),
            checks=checks,
            queue=queue,
        )

    def _decoder(
        self,
        decoder: DecoderFactory,
        told: Instruments,
        attributes: dict[str, str],
    ) -> DecoderFactory:
        flow = told.flow(attributes)
        watch: Stopwatch | None = None
        if self.settings.latency_per_second:
            watch = Stopwatch(
                self.settings.latency_per_second,
                lambda seconds: told.latency.record(seconds, attributes),
            )

        def make() -> Decoder:
            return CountingDecoder(decoder(), flow, watch)

        return make
