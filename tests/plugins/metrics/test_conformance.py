"""The conformance kit's checks of extensions."""

from __future__ import annotations

from plugwire.testing import ExtensionSuite
from plugwire_metrics import Metrics


class TestMetrics(ExtensionSuite):
    plugin = Metrics
    capabilities = ("encoder", "decoder", "checks", "queue")
