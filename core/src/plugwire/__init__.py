"""plugwire: events between processes, every layer a plugin.

The public names are bound when they are first used, so that importing the
package costs nothing that a program does not need.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plugwire.aio.client import Client
    from plugwire.aio.server import Server
    from plugwire.errors import (
        AlreadyRunning,
        ClientGone,
        ConfigurationError,
        ConnectionClosed,
        ConnectionFailed,
        Denied,
        MessageError,
        PluginError,
        PlugwireError,
        Problem,
        Refused,
        RequestFailed,
        TimedOut,
        TooManyConnections,
        ValidationFailed,
    )
    from plugwire.hookspecs import hookimpl
    from plugwire.loading import load_settings
    from plugwire.message import Message, MessageType, check_event_name
    from plugwire.registry import ClientInfo
    from plugwire.settings import Settings

__version__ = "0.1.0"

__all__ = [
    "AlreadyRunning",
    "Client",
    "ClientGone",
    "ClientInfo",
    "ConfigurationError",
    "ConnectionClosed",
    "ConnectionFailed",
    "Denied",
    "Message",
    "MessageError",
    "MessageType",
    "PluginError",
    "PlugwireError",
    "Problem",
    "Refused",
    "RequestFailed",
    "Server",
    "Settings",
    "TimedOut",
    "TooManyConnections",
    "ValidationFailed",
    "__version__",
    "check_event_name",
    "hookimpl",
    "load_settings",
]

_ROOMS = {
    "Client": "aio.client",
    "ClientInfo": "registry",
    "Message": "message",
    "MessageType": "message",
    "Server": "aio.server",
    "Settings": "settings",
    "check_event_name": "message",
    "hookimpl": "hookspecs",
    "load_settings": "loading",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'plugwire' has no attribute {name!r}")
    room = _ROOMS.get(name, "errors")
    value = getattr(import_module(f"plugwire.{room}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
