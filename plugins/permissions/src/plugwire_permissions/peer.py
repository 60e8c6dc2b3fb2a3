"""`peer`: the kernel's word on who is at the other end."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from plugwire import Denied, hookimpl
from plugwire.interfaces import Gate, Peer
from plugwire_permissions.identity import MAX_ID, in_groups

if TYPE_CHECKING:
    from annotated_types import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerSettings:
    """Who may be there beside ourselves.

    A server admits peers of `uids`, and of `gids` (primary or supplementary
    group). A client believes servers of `uids` only, root's too.
    """

    uids: tuple[Annotated[int, Interval(ge=0, le=MAX_ID)], ...] = ()
    gids: tuple[Annotated[int, Interval(ge=0, le=MAX_ID)], ...] = ()


_NOBODY: frozenset[int] = frozenset()
"""For a thousand clients' gates: each empty set made is one of its own."""


class PeerGate:
    """Admits our own effective uid and those that the settings name."""

    name = "peer"
    needs_proof = False

    def __init__(self, settings: PeerSettings) -> None:
        self._uids = frozenset(settings.uids) if settings.uids else _NOBODY
        self._gids = frozenset(settings.gids) if settings.gids else _NOBODY

    def prepare(self) -> None:
        """There is nothing to make."""

    def admit(
        self,
        peer: Peer,
        _welcome: Mapping[str, Any],
        _hello: Mapping[str, Any],
    ) -> None:
        """Server: our own uid, a listed one, or a member of a listed group.

        Raises `Denied` for everybody else, and where the transport gives no
        identity.
        """
        uid = _uid(peer)
        if not (self._knows(uid) or in_groups(peer, self._gids)):
            raise Denied(
                f"uid {uid} may not connect to this server",
                f"whoever runs it can add {uid} to uids, or a group of "
                "yours to gids, in [plugwire.peer]",
            )

    def prove(
        self,
        peer: Peer,
        _welcome: Mapping[str, Any],
        _hello: Mapping[str, Any],
    ) -> None:
        """Client: the server must run as our own uid or as a listed one.

        Raises `Denied` otherwise, before anything secret is said. Groups do
        not count: a member of a group does not speak for it.
        """
        uid = _uid(peer)
        if not self._knows(uid):
            raise Denied(
                f"the server at {peer.address} runs as uid {uid}, not as "
                f"ours, {os.geteuid()}",
                f"if that is right, add {uid} to uids in [plugwire.peer]; "
                "else somebody has taken its place",
            )

    def confirm(
        self,
        _peer: Peer,
        _welcome: Mapping[str, Any],
        _hello: Mapping[str, Any],
        _joined: Mapping[str, Any],
    ) -> None:
        """Client: `prove` has checked all there is."""

    def _knows(self, uid: int) -> bool:
        # Asked each time: a daemon may have changed its uid after it
        # composed.
        return uid == os.geteuid() or uid in self._uids


def _uid(peer: Peer) -> int:
    if type(peer.uid) is not int:
        raise Denied(
            f"the transport {peer.transport!r} does not say who is at the "
            'other end, so the permission "peer" cannot hold',
            'use permissions = ["token"] there, on both sides',
        )
    return peer.uid


class PeerCredentials:
    """The permission `peer`."""

    Settings = PeerSettings

    def __init__(self, settings: PeerSettings) -> None:
        self._settings = settings

    @hookimpl
    def accept(self) -> Gate:
        """A gate that goes by the kernel's uid."""
        return PeerGate(self._settings)
