"""The settings: plain frozen dataclasses, with units, limits and reasons.

Nothing here reads or validates: `plugwire.loading` does, from the types.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

from plugwire.framing import MAX_MESSAGE_BYTES, MIN_MESSAGE_BYTES

if TYPE_CHECKING:
    from annotated_types import Ge, Interval, Le

    from plugwire.limits import Bytes, Count, Seconds

MAX_SECONDS = 2_147_483
"""24 days: poll() takes milliseconds in a C int, so that longer ones would
be refused by a socket, in the middle of the work."""
MAX_COUNT = (1 << 31) - 1
"""A C int: what listen() takes."""

NOTHING: Mapping[str, Any] = MappingProxyType({})
KEYS = 512
"""Dotted keys that are remembered: a configuration has some dozens."""
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+\Z")


class EnvText(str):
    """Text from the environment or from `--set`, as it was written.

    It marks a value that a field's own type has yet to read: "007" is text
    for a `str` and seven for an `int`.
    """

    __slots__ = ()


class Lag(StrEnum):
    """What happens to a client whose outbox is full."""

    DISCONNECT = "disconnect"
    DROP_OLDEST = "drop_oldest"
    DROP_NEWEST = "drop_newest"
    KEEP_LATEST = "keep_latest"


class EventLoop(StrEnum):
    """Which event loop plugwire makes, where it makes one."""

    ASYNCIO = "asyncio"
    UVLOOP = "uvloop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One door: the top level with its `listen` table laid over.

    `transport`, `codec` and each of `permissions` and `extensions` is a name
    or a plugin's own instance. `permissions` None: what the transport
    proposes. `sections` holds plugin sections as they were written.
    """

    name: str
    endpoint: str
    transport: Any
    codec: Any
    permissions: tuple[Any, ...] | None
    extensions: tuple[Any, ...]
    lag: Lag
    max_connections: int
    plain: bool
    sections: Mapping[str, Mapping[str, Any]]


DOOR_KEYS = tuple(
    f.name
    for f in fields(Door)
    if f.name not in ("name", "endpoint", "sections")
)
"""What a `listen` table may set, beside plugin sections."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of `[plugwire]`. Durations in seconds, sizes in bytes.

    `sections` holds plugin sections and `listen` the doors' tables, the
    plugins' keys in both as they were written: who uses a section validates
    it. `origins` maps a dotted key (`plugwire.tcp.port`) to where its value
    came from; what is not in it is a default.

    `load_settings` makes valid ones; one that is made by hand is checked
    when it is used.
    """

    transport: Any = "unix"
    codec: Any = "msgpack"
    queue: Any = "fifo"
    permissions: tuple[Any, ...] | None = None
    extensions: tuple[Any, ...] = ()
    listen: Mapping[str, Mapping[str, Any]] = field(
        default_factory=lambda: NOTHING
    )
    lag: Lag = Lag.DISCONNECT
    plain: bool = False

    socket_dir: Path | None = None
    timezone: str = "UTC"
    max_connections: Count = 10
    allow_client_send: bool = True
    blocking_mode: bool = False
    event_loop: EventLoop = EventLoop.ASYNCIO

    default_timeout: Seconds = 5.0
    handshake_timeout: Seconds = 5.0
    drain_timeout: Seconds = 10.0
    lag_grace: Seconds = 10.0
    backlog: Count = 4096
    pending_connections: Count = 1024
    handler_threads: Count = 8
    handler_queue: Count = 64
    handler_bytes: Bytes = 8 << 20
    service_connections: Count = 8

    max_message_bytes: Annotated[
        int, Ge(MIN_MESSAGE_BYTES), Le(MAX_MESSAGE_BYTES)
    ] = 1 << 20
    outbox_messages: Count = 1000
    outbox_bytes: Bytes = 8 << 20
    total_outbox_bytes: Bytes = 256 << 20
    buffer_size: Count = 4096
    buffer_bytes: Bytes = 8 << 20

    reconnect: bool = True
    reconnect_tries: Annotated[int, Interval(ge=0, le=MAX_COUNT)] = 0
    reconnect_delay: Seconds = 0.1
    reconnect_cap: Seconds = 30.0

    sections: Mapping[str, Mapping[str, Any]] = field(
        default_factory=lambda: NOTHING
    )
    origins: Mapping[str, str] = field(default_factory=lambda: NOTHING)

    def folder(self) -> Path:
        """Where sockets are: `socket_dir`, or the place of this user."""
        if self.socket_dir is not None:
            return self.socket_dir.expanduser()
        from plugwire.rundir import default_socket_dir

        return default_socket_dir()

    def said(self, key: str) -> str:
        """`key` as who set it calls it: by the command's option of its own,
        where it is from there."""
        origin = self.origins.get(f"plugwire.{key}", "")
        is_option = origin.startswith("--") and origin != "--set"
        return origin if is_option else key

    def doors(self, event: str) -> tuple[Door, ...]:
        """The doors of a server of `event`, in written order."""
        if not self.listen:
            return (self._door("main", event, NOTHING),)
        return tuple(
            self._door(name, f"{event}.{name}" if at else event, table)
            for at, (name, table) in enumerate(self.listen.items())
        )

    def door(self, event: str, name: str) -> Door:
        """The door `name` as a client sees it, in `listen` or not.

        One that is not takes the top level. Raises `ValidationFailed` for
        what cannot be a door's name.
        """
        from plugwire.message import check_event_name

        check_event_name(name)
        if name in self.listen:
            return next(d for d in self.doors(event) if d.name == name)
        endpoint = event if name == "main" else f"{event}.{name}"
        return self._door(name, endpoint, NOTHING)

    def _door(
        self, name: str, endpoint: str, table: Mapping[str, Any]
    ) -> Door:
        core = {k: table.get(k, getattr(self, k)) for k in DOOR_KEYS}
        own = {k: v for k, v in table.items() if k not in DOOR_KEYS}
        return Door(
            name=name,
            endpoint=endpoint,
            sections=MappingProxyType(merged(self.sections, own)),
            **core,
        )


def merged(low: Mapping[str, Any], high: Mapping[str, Any]) -> dict[str, Any]:
    """`high` laid over `low`: tables merge, all else replaces. Neither is
    changed."""
    out = dict(low)
    for key, value in high.items():
        below = out.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            value = merged(below, value)
        out[key] = value
    return out


@lru_cache(maxsize=KEYS)
def dotted(path: str, name: str) -> str:
    """The key `name` of the table `path`, quoted as TOML wants it where it
    is no bare key."""
    if not _BARE_KEY.match(name):
        name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{path}.{name}"


def where(origins: Mapping[str, str], key: str) -> tuple[str, str]:
    """The key that gave `key` its value, and where that stands.

    A door's table is laid over the top level, so that a key of a door may
    have its value from there; and a value inside a list or a table has its
    origin from what holds it. ("default" where nothing does.)
    """
    if origin := origins.get(key):
        return key, origin
    parts = key.split(".")
    top = ["plugwire", *parts[3:]] if parts[1:2] == ["listen"] else parts
    for names in (parts, top):
        if origin := origins.get(".".join(names)):
            return ".".join(names), origin
    for names in (parts, top):
        for length in range(len(names) - 1, 1, -1):
            if origin := origins.get(".".join(names[:length])):
                return ".".join(names), origin
    return key, "default"
