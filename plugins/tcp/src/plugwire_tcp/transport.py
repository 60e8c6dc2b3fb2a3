"""The plugin: from settings to listener and connector."""

from __future__ import annotations

from plugwire import hookimpl
from plugwire_tcp.addresses import is_loopback
from plugwire_tcp.connector import TcpConnector
from plugwire_tcp.listener import TcpListener
from plugwire_tcp.settings import TcpSettings


class Tcp:
    """The transport `tcp`."""

    Settings = TcpSettings
    default_permissions = ("token",)

    def __init__(self, settings: TcpSettings | None = None) -> None:
        self.settings = settings or TcpSettings()

    def needs_explicit_permissions(self) -> bool:
        """Whether a server must be told its `permissions` in words, because
        other machines may reach its host. True for every name other than
        `localhost`: nothing is looked up here."""
        return not is_loopback(self.settings.host)

    @hookimpl
    def bind(self) -> TcpListener:
        return TcpListener(self.settings)

    @hookimpl
    def connect(self) -> TcpConnector:
        return TcpConnector(self.settings)
