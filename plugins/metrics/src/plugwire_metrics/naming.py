"""Names of attributes: OpenTelemetry's conventions for messaging, and where
they have none, plugwire's own."""

from __future__ import annotations

SCOPE = "plugwire_metrics"
SYSTEM = "messaging.system"
EVENT = "messaging.destination.name"
OPERATION = "messaging.operation.type"
OVERFLOW = "otel.metric.overflow"
SIDE = "plugwire.side"
DOOR = "plugwire.door"
CODEC = "plugwire.codec"
TYPE = "plugwire.message.type"
VERB = "plugwire.verb"
