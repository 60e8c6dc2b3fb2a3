from plugwire.testing import TransportSuite
from plugwire_unix import Unix


class TestUnix(TransportSuite):
    plugin = Unix
    capabilities = TransportSuite.CAPABILITIES
