"""The distribution, as its users install it."""

from __future__ import annotations

from plugwire.testing import PackagingSuite


class TestPackaging(PackagingSuite):
    distribution = "plugwire-json"
