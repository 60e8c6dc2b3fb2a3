"""Groups count, but for peers whom nobody can name."""

from __future__ import annotations

import pytest

from plugwire_permissions.identity import UNMAPPED, in_groups


@pytest.mark.parametrize(
    ("uid", "gid", "groups", "found"),
    [
        (1000, 100, (), True),
        (1000, 5, (4, 100), True),
        (1000, 5, (4, 101), False),
        (1000, None, (), False),
        (None, 100, (100,), False),
        (UNMAPPED, 100, (100,), False),
        (UNMAPPED + 1, 100, (), True),
    ],
)
def test_whose_groups_count(make_peer, uid, gid, groups, found) -> None:
    peer = make_peer(uid=uid, gid=gid, groups=groups)
    assert in_groups(peer, {100}) is found
