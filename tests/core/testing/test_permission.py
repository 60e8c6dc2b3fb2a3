"""`PermissionSuite` as a whole."""

from __future__ import annotations

from plugwire.testing import PermissionSuite


def test_there_are_enough_checks() -> None:
    checks = {n for n in dir(PermissionSuite) if n.startswith("test_")}
    assert len(checks) >= 20
    missing = [
        name for name in checks if not getattr(PermissionSuite, name).__doc__
    ]
    assert missing == []
