import pytest

from plugwire.testing import TransportSuite
from plugwire_tcp import Tcp


class TestTcp(TransportSuite):
    plugin = Tcp
    capabilities = ("sockets", "processes", "half_close")

    @pytest.fixture
    def section(self, ports):
        return {"port_range_start": ports[0], "port_range_end": ports[-1]}
