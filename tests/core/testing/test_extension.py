"""`ExtensionSuite` as a whole."""

from __future__ import annotations

from plugwire.testing import ExtensionSuite


def test_there_are_enough_checks() -> None:
    checks = {n for n in dir(ExtensionSuite) if n.startswith("test_")}
    assert len(checks) >= 12
    missing = [
        name for name in checks if not getattr(ExtensionSuite, name).__doc__
    ]
    assert missing == []
