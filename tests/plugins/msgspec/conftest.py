"""A message to start from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from plugwire.message import Message, MessageType


@pytest.fixture(scope="session")
def message() -> Callable[..., Message]:
    """Makes a message, with the given fields in place of the usual."""

    def make(**changes: Any) -> Message:
        fields: dict[str, Any] = {
            "event_name": "status",
            "timestamp_ms": 1767960000123,
            "timestamp_iso": "2026-01-09T12:00:00.123+00:00",
            "message_type": MessageType.DATA,
            "data": {},
        }
        return Message(**(fields | changes))

    return make
