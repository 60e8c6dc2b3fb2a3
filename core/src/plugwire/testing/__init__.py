"""For programs that test themselves against plugwire, and for plugins.

`ChaosProxy` makes connections bad. `plugwire.testing.fixtures` holds pytest
fixtures for applications. The suites are the conformance kit: a plugin's
author subclasses the one of its kind, and pytest finds its checks. Both need
pytest, which plugwire does not; so the names are bound when they are first
used.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plugwire.testing.codec import CodecSuite
    from plugwire.testing.extension import ExtensionSuite
    from plugwire.testing.flow import Flow
    from plugwire.testing.packaging import PackagingSuite
    from plugwire.testing.permission import PermissionSuite
    from plugwire.testing.proxy import ChaosProxy
    from plugwire.testing.queue import QueueSuite
    from plugwire.testing.suite import Suite
    from plugwire.testing.transport import TransportSuite

__all__ = [
    "ChaosProxy",
    "CodecSuite",
    "ExtensionSuite",
    "Flow",
    "PackagingSuite",
    "PermissionSuite",
    "QueueSuite",
    "Suite",
    "TransportSuite",
]

_ROOMS = {
    "ChaosProxy": "proxy",
    "CodecSuite": "codec",
    "ExtensionSuite": "extension",
    "Flow": "flow",
    "PackagingSuite": "packaging",
    "PermissionSuite": "permission",
    "QueueSuite": "queue",
    "Suite": "suite",
    "TransportSuite": "transport",
}


def __getattr__(name: str) -> Any:
    room = _ROOMS.get(name)
    if room is None:
        raise AttributeError(
            f"module 'plugwire.testing' has no attribute {name!r}"
        )
    whole = f"plugwire.testing.{room}"
    if name.endswith("Suite") and whole not in sys.modules:
        # What an assertion compared is in its message, as in any test.
        import pytest

        pytest.register_assert_rewrite(whole)
    value = getattr(import_module(whole), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
