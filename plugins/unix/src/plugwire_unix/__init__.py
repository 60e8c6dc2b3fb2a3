"""Unix-domain sockets for plugwire: the transport `unix`."""

from plugwire_unix.settings import UnixSettings
from plugwire_unix.transport import Unix

__all__ = ["Unix", "UnixSettings"]
