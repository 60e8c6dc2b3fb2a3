"""Reading the identity that a transport gives a peer."""

from __future__ import annotations

from collections.abc import Collection

from plugwire.interfaces import Peer

UNMAPPED = 65534
"""The uid that Linux shows for one with no name in our user namespace
(`/proc/sys/kernel/overflowuid`), and that many systems call nobody. Any
number of strangers share it, so it stands for none of them."""
MAX_ID = 2**32 - 2
"""The highest uid or gid: 32 bits, of which the last value means "none"."""


def in_groups(peer: Peer, gids: Collection[int]) -> bool:
    """Whether the peer's own or supplementary groups are among `gids`.

    The groups of an unmapped uid count for nothing.
    """
    if peer.uid is None or peer.uid == UNMAPPED:
        return False
    return peer.gid in gids or any(gid in gids for gid in peer.groups)
