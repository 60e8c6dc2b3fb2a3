"""The conformance kit's checks of extensions."""

from __future__ import annotations

from plugwire.testing import ExtensionSuite
from plugwire_compress import Compress


class TestCompress(ExtensionSuite):
    plugin = Compress
    capabilities = ("encoder", "decoder", "changes_bytes")
