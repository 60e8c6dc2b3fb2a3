"""What both faces of plugwire share: the settings of a run."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

from benchmarks.spec import Spec

FLUSH = 500
"""Messages between two flushes: half an outbox, as `Server.flush` says."""
FLUSH_BYTES = 2 << 20
"""The same for large ones: a quarter of an outbox's bytes."""


def settings(spec: Spec, transport: str, codec: str) -> dict[str, Any]:
    """The defaults, but for the place, and for limits that a run is over."""
    chosen: dict[str, Any] = {
        "socket_dir": f"{spec.folder}/plugwire",
        "transport": transport,
        "codec": codec,
        "max_connections": 10 + spec.everybody,
        "default_timeout": 60,
        "handshake_timeout": 60,
    }
    if spec.size >= 1 << 20:
        chosen["max_message_bytes"] = 2 << 20
    return chosen | spec.options


def between_flushes(spec: Spec) -> int:
    """How many messages are broadcast before one flush."""
    if not spec.size:
        return FLUSH
    return max(1, min(FLUSH, FLUSH_BYTES // spec.size))


def missing_codec(name: str) -> str | None:
    """Whether a codec plugin of that name is installed; nothing of it is
    imported."""
    if not tuple(entry_points(group="plugwire.codecs", name=name)):
        return f"no codec plugin {name}"
    return None
