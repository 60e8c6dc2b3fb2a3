"""For programs that test themselves against plugwire, and for plugins.

`ChaosProxy` makes connections bad. `plugwire.testing.fixtures` holds pytest
fixtures for applications. The suites are the conformance kit: a plugin's
author subclasses the one of its kind, and pytest finds its checks. Both need
pytest, which plugwire does not; so the names are bound when they are first
used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plugwire.testing.flow import Flow
    from plugwire.testing.proxy import ChaosProxy
    from plugwire.testing.suite import Suite

__all__ = ["ChaosProxy", "Flow", "Suite"]

_ROOMS = {
    "ChaosProxy": "proxy",
    "Flow": "flow",
    "Suite": "suite",
}


def __getattr__(name: str) -> Any:
    room = _ROOMS.get(name)
    if room is None:
        raise AttributeError(
            f"module 'plugwire.testing' has no attribute {name!r}"
        )
    whole = f"plugwire.testing.{room}"
    if name.endswith("Suite"):
        # What an assertion compared is in its message, as in any test.
        import pytest

        pytest.register_assert_rewrite(whole)
    value = getattr(import_module(whole), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
