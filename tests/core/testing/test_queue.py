"""`QueueSuite` as a whole."""

from __future__ import annotations

from plugwire.testing import QueueSuite


def test_there_are_enough_checks() -> None:
    checks = {name for name in dir(QueueSuite) if name.startswith("test_")}
    assert len(checks) >= 20
    missing = [
        name for name in checks if not getattr(QueueSuite, name).__doc__
    ]
    assert missing == []
