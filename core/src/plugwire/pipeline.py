"""What composition yields: frozen pipelines, one a door or client.

A pipeline holds the objects that hooks handed over. It knows neither pluggy
nor the configuration, and nothing in it changes afterwards.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from msgspec import Struct

from plugwire.interfaces import (
    Check,
    Connector,
    DecoderFactory,
    Encoder,
    Gate,
    Listener,
    Queue,
)
from plugwire.settings import Lag


class Answer(Struct, frozen=True, kw_only=True):
    """Who answered a hook, and what chose it (for `plugwire explain`).

    `distribution` is `name version`, or "" for an instance handed over in
    the call; `chosen_by` is the key and its origin.
    """

    hook: str
    kind: str
    plugin: str
    distribution: str
    chosen_by: str


class DoorPipeline(Struct, frozen=True, kw_only=True):
    """One door of a server.

    `codec` is the plugin's name, `format` the encoder's: the bytes on the
    wire. Doors of one `lane` encode alike, so
    that a broadcast is encoded once for all of them: they share the encoder,
    and `lane` is equal for them alone. `extensions` names
    those that change the bytes on the wire.
    """

    door: str
    endpoint: str
    transport: str
    codec: str
    format: str
    plain: bool
    lag: Lag
    max_connections: int
    listener: Listener
    encoder: Encoder
    decoder: DecoderFactory
    gates: tuple[Gate, ...]
    checks: tuple[Check, ...]
    extensions: tuple[str, ...]
    lane: Hashable
    answers: tuple[Answer, ...]


class ServerPipeline(Struct, frozen=True, kw_only=True):
    """All doors of a server in written order, and its one queue. `answers`
    are the queue's; each door has its own."""

    doors: tuple[DoorPipeline, ...]
    queue: Queue
    answers: tuple[Answer, ...]


class ClientPipeline(Struct, frozen=True, kw_only=True):
    """The way of a client to one door."""

    door: str
    endpoint: str
    transport: str
    codec: str
    format: str
    connector: Connector
    encoder: Encoder
    decoder: DecoderFactory
    gates: tuple[Gate, ...]
    extensions: tuple[str, ...]
    answers: tuple[Answer, ...]


def shown(plugin: Any) -> str:
    """How a plugin instance is called where it has no configured name."""
    name = getattr(plugin, "name", None)
    return name if isinstance(name, str) else type(plugin).__name__.lower()
