"""`anyone`: no gate at all, said in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plugwire import hookimpl
from plugwire.interfaces import Gate, Peer


class AnyoneGate:
    """Admits every peer and believes every server."""

    name = "anyone"
    needs_proof = False

    def prepare(self) -> None:
        """There is nothing to make."""

    def admit(
        self,
        _peer: Peer,
        _welcome: Mapping[str, Any],
        _hello: Mapping[str, Any],
    ) -> None:
        """Server: whoever it is may come in."""

    def prove(
        self,
        _peer: Peer,
        _welcome: Mapping[str, Any],
        _hello: Mapping[str, Any],
    ) -> None:
        """Client: whoever serves will do."""

    def confirm(
        self,
        _peer: Peer,
        _welcome: Mapping[str, Any],
        _hello: Mapping[str, Any],
        _joined: Mapping[str, Any],
    ) -> None:
        """Client: the server has nothing to prove."""


class Anyone:
    """The permission `anyone`. It has no settings."""

    @hookimpl
    def accept(self) -> Gate:
        """A gate that is always open."""
        return AnyoneGate()
