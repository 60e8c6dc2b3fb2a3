"""OpenTelemetry's instruments, one set a meter provider, and their numbers.

Attributes are few: events, doors and codecs are as many as a configuration
names. Clients, sessions and peers are none: each would be a time series that
is kept for ever, and strangers could make as many as they like.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias, TypeVar
from weakref import WeakKeyDictionary, WeakSet

from opentelemetry.metrics import (
    CallbackOptions,
    Meter,
    MeterProvider,
    Observation,
    get_meter_provider,
)

from plugwire_metrics import naming
from plugwire_metrics.naming import OVERFLOW, TYPE, VERB
from plugwire_metrics.servers import COUNTERS, GAUGES, Watched, observations
from plugwire_metrics.tally import Attributes, Denials, Flow, Keeping, Tally

MAX_SERIES = 256
"""Sets of attributes of one kind. What comes past them, from a program that
makes events up as it runs, is one set with `otel.metric.overflow`."""
BOUNDARIES = (
    0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
    10.0,
)  # fmt: skip
"""Seconds: the conventions', and finer ones down to what timestamps tell."""

_T = TypeVar("_T", bound=Tally)
_Observe: TypeAlias = Callable[[], Iterable[Observation]]


class Instruments:
    """The instruments of one provider, and what they tell of. Their
    callbacks run in whichever thread collects."""

    def __init__(self, provider: MeterProvider) -> None:
        self._lock = threading.Lock()
        self._flows: dict[object, Flow] = {}
        self._denials: dict[object, Denials] = {}
        self._keepings: dict[object, Keeping] = {}
        self._servers: WeakSet[Watched] = WeakSet()
        meter = provider.get_meter(naming.SCOPE)
        self.latency = meter.create_histogram(
            "plugwire.latency",
            unit="s",
            description="From a message's timestamp to its arrival.",
            explicit_bucket_boundaries_advisory=BOUNDARIES,
        )
        self._observe_tallies(meter)
        self._observe_servers(meter)

    def flow(self, attributes: Attributes) -> Flow:
        """The one flow with these attributes."""
        return self._tally(self._flows, Flow, attributes)

    def denials(self, attributes: Attributes) -> Denials:
        """The denials with these attributes."""
        return self._tally(self._denials, Denials, attributes)

    def keeping(self, attributes: Attributes) -> Keeping:
        """What is kept, with these attributes."""
        return self._tally(self._keepings, Keeping, attributes)

    def watch(self, server: Watched) -> None:
        """Tell of `server` until `forget`, or until it is gone."""
        with self._lock:
            self._servers.add(server)

    def forget(self, server: Watched) -> None:
        """Tell of `server` no more."""
        with self._lock:
            self._servers.discard(server)

    def _tally(
        self, known: dict[object, _T], kind: type[_T], attributes: Attributes
    ) -> _T:
        key = frozenset(attributes.items())
        with self._lock:
            if key not in known and len(known) >= MAX_SERIES:
                attributes = {OVERFLOW: True}
                key = frozenset(attributes.items())
            return known.setdefault(key, kind(attributes))

    # --------------------------------------------------------- callbacks

    def _observe_tallies(self, meter: Meter) -> None:
        meter.create_observable_counter(
            "plugwire.messages",
            [_callback(self._messages)],
            "{message}",
            "Messages encoded (once for all clients), and decoded.",
        )
        meter.create_observable_counter(
            "plugwire.io",
            [_callback(self._bytes)],
            "By",
            "Bytes framed (once for clients that get the same), and read.",
        )
        meter.create_observable_counter(
            "plugwire.denied",
            [_callback(self._denied)],
            "{denial}",
            "How often a check said no.",
        )
        meter.create_observable_counter(
            "plugwire.queue.lost",
            [_callback(self._lost)],
            "{message}",
            "Broadcasts that the queue let go unseen.",
        )
        meter.create_observable_gauge(
            "plugwire.queue.kept",
            [_callback(self._kept)],
            "{message}",
            "Broadcasts that the queue keeps.",
        )

    def _observe_servers(self, meter: Meter) -> None:
        for create, measures in (
            (meter.create_observable_gauge, GAUGES),
            (meter.create_observable_counter, COUNTERS),
        ):
            for measure in measures:
                observe = self._of_servers(measure.read)
                create(
                    measure.name,
                    [_callback(observe)],
                    measure.unit,
                    measure.description,
                )

    def _of_servers(self, read: Callable[[Any], int]) -> _Observe:
        def observe() -> Iterable[Observation]:
            with self._lock:
                servers = tuple(self._servers)
            return observations(servers, read)

        return observe

    def _all(self, known: dict[object, _T]) -> tuple[_T, ...]:
        with self._lock:
            return tuple(known.values())

    def _messages(self) -> Iterable[Observation]:
        for flow in self._all(self._flows):
            for word, count in flow.types():
                if count:
                    yield Observation(count, {**flow.attributes, TYPE: word})

    def _bytes(self) -> Iterable[Observation]:
        for flow in self._all(self._flows):
            yield Observation(flow.bytes, flow.attributes)

    def _denied(self) -> Iterable[Observation]:
        for denials in self._all(self._denials):
            for verb, count in tuple(denials.verbs.items()):
                yield Observation(count, {**denials.attributes, VERB: verb})

    def _lost(self) -> Iterable[Observation]:
        for keeping in self._all(self._keepings):
            yield Observation(keeping.lost, keeping.attributes)

    def _kept(self) -> Iterable[Observation]:
        for keeping in self._all(self._keepings):
            yield Observation(keeping.kept, keeping.attributes)


def _callback(
    observe: _Observe,
) -> Callable[[CallbackOptions], Iterable[Observation]]:
    return lambda _: observe()


class _Providers:
    """The instruments of each provider. An instrument is made once: a second
    one of its name would not be heard."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: WeakKeyDictionary[MeterProvider, Instruments] = (
            WeakKeyDictionary()
        )
        self._usual: Instruments | None = None

    def find(self, provider: MeterProvider | None) -> Instruments:
        """Those of `provider`; None is OpenTelemetry's own, which may be set
        later: its instruments begin to be heard then."""
        usual = get_meter_provider()
        with self._lock:
            if provider is None or provider is usual:
                if self._usual is None:
                    self._usual = self._of(usual)
                return self._usual
            return self._of(provider)

    def _of(self, provider: MeterProvider) -> Instruments:
        found = self._known.get(provider)
        if found is None:
            found = self._known[provider] = Instruments(provider)
        return found


instruments = _Providers().find
"""The instruments of a meter provider."""
