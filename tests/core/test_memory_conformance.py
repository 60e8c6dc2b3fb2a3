from plugwire.memory import Memory
from plugwire.testing import TransportSuite


class TestMemory(TransportSuite):
    plugin = Memory
    capabilities = ("identity", "computed", "exclusive", "half_close")
