"""The plugin: from an endpoint and a folder to listener and connector."""

from __future__ import annotations

import os
import socket
import sys
from functools import lru_cache
from pathlib import Path

from plugwire import ConfigurationError, PluginError, Problem, hookimpl
from plugwire_unix.connector import UnixConnector
from plugwire_unix.listener import UnixListener
from plugwire_unix.settings import UnixSettings

MAX_PATH_BYTES = 107 if sys.platform == "linux" else 103
"""`sun_path` has 108 bytes on Linux (unix(7)) and 104 on macOS and the BSDs
(sys/un.h), the NUL at the end included."""

PATHS = 32
"""Sockets whose path is remembered, for many clients of one server."""


class Unix:
    """The transport `unix`: `<socket_dir>/<endpoint>.sock`."""

    Settings = UnixSettings
    default_permissions = ("peer",)

    def __init__(self, settings: UnixSettings | None = None) -> None:
        if not hasattr(socket, "AF_UNIX"):
            raise PluginError(
                "Python has no Unix-domain sockets on this system; use the"
                " transport tcp or memory",
                kind="transport",
                name="unix",
                distribution="plugwire-unix",
            )
        self.settings = settings or UnixSettings()

    @hookimpl
    def bind(self, endpoint: str, socket_dir: Path) -> UnixListener:
        return UnixListener(socket_path(socket_dir, endpoint), self.settings)

    @hookimpl
    def connect(self, endpoint: str, socket_dir: Path) -> UnixConnector:
        return UnixConnector(socket_path(socket_dir, endpoint))


def socket_path(socket_dir: Path, endpoint: str) -> Path:
    """The absolute path of the socket.

    Raises `ConfigurationError` when it is too long for the system, or holds
    a NUL, at which the kernel would cut it.
    """
    # A relative one depends on where the program is just now.
    if socket_dir.is_absolute():
        return _below(socket_dir, endpoint)
    return _below(socket_dir.absolute(), endpoint)


@lru_cache(maxsize=PATHS)
def _below(socket_dir: Path, endpoint: str) -> Path:
    """The path in an absolute folder."""
    path = socket_dir / f"{endpoint}.sock"
    size = len(os.fsencode(path))
    if size <= MAX_PATH_BYTES and "\0" not in str(path):
        return path
    raise ConfigurationError(
        [
            Problem(
                "plugwire.socket_dir",
                "the path of the socket",
                f"at most {MAX_PATH_BYTES} bytes and no NUL",
                f"{size} bytes in {str(path)!r}",
                "choose a shorter socket_dir or event name",
            )
        ]
    )
