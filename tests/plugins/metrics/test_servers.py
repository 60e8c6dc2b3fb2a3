"""What a server knows, as numbers."""

from __future__ import annotations

import inspect
from types import SimpleNamespace

from plugwire.stats import Stats
from plugwire_metrics.servers import COUNTERS, GAUGES, observations


def test_every_counter_of_a_server_is_told_once() -> None:
    names = Stats.__struct_fields__
    stats = Stats(*(10 + at for at in range(len(names))))
    clients = {n: SimpleNamespace(queued=n) for n in (3, 4)}
    server = SimpleNamespace(event_name="a", stats=stats, clients=clients)
    told = {
        measure.name: measure.read(server) for measure in GAUGES + COUNTERS
    }
    assert told == {
        "plugwire.server.clients": 2,
        "plugwire.server.queued": 7,
        **{f"plugwire.server.{name}": getattr(stats, name) for name in names},
    }


def test_an_observation_names_the_event() -> None:
    servers = [SimpleNamespace(event_name=name) for name in ("a", "b")]
    found = list(observations(servers, lambda server: ord(server.event_name)))
    assert [(one.value, one.attributes) for one in found] == [
        (ord(name), {
            "messaging.system": "plugwire",
            "messaging.destination.name": name,
        })
        for name in ("a", "b")
    ]  # fmt: skip


def test_each_has_a_unit_and_says_what_it_is() -> None:
    for measure in GAUGES + COUNTERS:
        assert measure.unit in ("{client}", "{message}")
        assert measure.description.endswith(".")
        assert list(inspect.signature(measure.read).parameters) == ["server"]
