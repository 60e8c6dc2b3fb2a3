"""What stands behind a blocking client."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from plugwire.sync.backend import Backend, Callbacks
from plugwire.sync.conversation import Conversation
from plugwire.sync.portal_backend import PortalBackend


def public(face: type) -> dict[str, Any]:
    return {
        name: member
        for name, member in vars(face).items()
        if not name.startswith("_")
    }


@pytest.mark.parametrize("kind", [Conversation, PortalBackend])
def test_each_kind_does_all_of_it(kind: type) -> None:
    for name, member in public(Backend).items():
        own = getattr(kind, name)
        assert type(own) is type(member), name
        if not isinstance(member, property):
            assert inspect.signature(own) == inspect.signature(member), name


def test_what_nobody_wants_to_hear_is_told_to_nobody() -> None:
    callbacks = Callbacks()
    callbacks.on_reconnect()
    callbacks.on_gap(None)
    callbacks.on_disconnect("why")
