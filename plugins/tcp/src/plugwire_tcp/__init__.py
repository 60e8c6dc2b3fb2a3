"""TCP sockets for plugwire: the transport `tcp`."""

from plugwire_tcp.settings import TcpSettings
from plugwire_tcp.transport import Tcp

__all__ = ["Tcp", "TcpSettings"]
