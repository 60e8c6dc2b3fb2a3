"""The conformance kit for transports: what one must do.

A module a topic; here they come together.
"""

from __future__ import annotations

from plugwire.testing.transport.accepting import Accepting
from plugwire.testing.transport.addresses import Addresses
from plugwire.testing.transport.carrying import Carrying
from plugwire.testing.transport.connecting import Connecting
from plugwire.testing.transport.crowds import Crowds
from plugwire.testing.transport.ending import Ending
from plugwire.testing.transport.failing import Failing
from plugwire.testing.transport.hooks import Hooks
from plugwire.testing.transport.opening import Opening
from plugwire.testing.transport.peers import Peers
from plugwire.testing.transport.pressure import Pressure
from plugwire.testing.transport.processes import Processes
from plugwire.testing.transport.rivals import Rivals
from plugwire.testing.transport.threads import Threads
from plugwire.testing.transport.whole import Whole

__all__ = ["TransportSuite"]


class TransportSuite(
    Hooks,
    Addresses,
    Opening,
    Rivals,
    Failing,
    Peers,
    Accepting,
    Connecting,
    Carrying,
    Pressure,
    Ending,
    Crowds,
    Whole,
    Threads,
    Processes,
):
    """The checks of a transport. An author's whole test file::

        from plugwire.testing import TransportSuite
        from plugwire_pipes import Pipes

        class TestPipes(TransportSuite):
            plugin = Pipes
            capabilities = ("processes", "computed", "exclusive", "files")

    A transport of sockets and one that gives asyncio transports are tested
    alike. `CAPABILITIES` says what may be claimed.
    """
