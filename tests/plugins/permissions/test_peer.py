"""`peer`: our own uid and those that are listed, on both sides."""

from __future__ import annotations

import os
from typing import Any

import pytest

from plugwire import Denied, Problem
from plugwire.validation import validate_section
from plugwire_permissions import PeerCredentials, PeerSettings
from plugwire_permissions.identity import UNMAPPED

OWN = os.geteuid()


def gate(**settings):
    return PeerCredentials(PeerSettings(**settings)).accept()


def admits(gate, peer) -> bool:
    try:
        assert gate.admit(peer, {}, {}) is None
    except Denied:
        return False
    return True


def believes(gate, peer) -> bool:
    try:
        assert gate.prove(peer, {}, {}) is None
    except Denied:
        return False
    return True


def test_a_plain_door_can_have_it(make_peer) -> None:
    peer = gate()
    peer.prepare()
    assert (peer.name, peer.needs_proof) == ("peer", False)
    assert peer.confirm(make_peer(), {}, {}, {}) is None


def test_our_own_uid_needs_no_listing(make_peer) -> None:
    assert admits(gate(), make_peer())
    assert believes(gate(), make_peer())


def test_a_stranger_is_denied_with_the_mend(make_peer, stranger) -> None:
    peer = make_peer(uid=stranger)
    with pytest.raises(Denied) as caught:
        gate().admit(peer, {}, {})
    assert str(stranger) in caught.value.reason
    assert f"add {stranger} to uids" in caught.value.mend


def test_a_foreign_server_is_told_from_ours(make_peer, stranger) -> None:
    with pytest.raises(Denied) as caught:
        gate().prove(make_peer(uid=stranger), {}, {})
    assert f"runs as uid {stranger}, not as ours, {OWN}" in caught.value.reason


def test_listed_uids_count_on_both_sides(make_peer, stranger) -> None:
    listed = gate(uids=(stranger,))
    assert admits(listed, make_peer(uid=stranger))
    assert believes(listed, make_peer(uid=stranger))
    assert not admits(listed, make_peer(uid=stranger + 1))


@pytest.mark.parametrize(("gid", "groups"), [(77, ()), (1, (2, 77))])
def test_listed_groups_count_on_servers_only(
    make_peer, stranger, gid, groups
) -> None:
    member = make_peer(uid=stranger, gid=gid, groups=groups)
    assert admits(gate(gids=(77,)), member)
    assert not believes(gate(gids=(77,)), member)
    assert not admits(gate(gids=(78,)), member)


def test_root_is_believed_only_when_listed(make_peer, monkeypatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    root = make_peer(uid=0)
    assert not believes(gate(), root)
    assert not admits(gate(), root)
    assert believes(gate(uids=(0,)), root)


def test_a_changed_uid_of_ours_is_noticed(make_peer, monkeypatch) -> None:
    own = gate()
    monkeypatch.setattr(os, "geteuid", lambda: OWN + 1)
    assert not admits(own, make_peer(uid=OWN))
    assert admits(own, make_peer(uid=OWN + 1))


def test_an_unmapped_uid_is_a_stranger(make_peer, monkeypatch) -> None:
    nobody = make_peer(uid=UNMAPPED, gid=77, groups=(77,))
    assert not admits(gate(gids=(77,)), nobody)
    assert not believes(gate(), nobody)
    assert admits(gate(uids=(UNMAPPED,)), nobody)
    monkeypatch.setattr(os, "geteuid", lambda: UNMAPPED)
    assert admits(gate(), nobody)


@pytest.mark.parametrize("uid", [None, "0", 0.0, True, b"", -1, 2**32 - 1])
def test_anything_but_a_known_uid_is_denied(make_peer, uid) -> None:
    peer = make_peer(uid=uid, transport="tcp")
    assert not admits(gate(), peer)
    assert not believes(gate(), peer)


def test_a_transport_without_identity_is_told_of_tokens(make_peer) -> None:
    for act in (gate().admit, gate().prove):
        with pytest.raises(Denied) as caught:
            act(make_peer(uid=None, transport="tcp"), {}, {})
        assert "'tcp' does not say who" in caught.value.reason
        assert '["token"]' in caught.value.mend


@pytest.mark.parametrize("uid", [-1, 2**32 - 1, "x", 1.5])
def test_settings_take_ids_only(uid) -> None:
    def checked(**raw: Any) -> tuple[Any, list[Problem]]:
        return validate_section(PeerSettings, raw, "plugwire.peer", {})

    made, wrong = checked(uids=[0, 2**32 - 2])
    assert (made.uids, wrong) == ((0, 2**32 - 2), [])
    for key in ("uids", "gids"):
        made, wrong = checked(**{key: [0, uid]})
        assert made is None
        (problem,) = wrong
        assert problem.key == f"plugwire.peer.{key}[1]"
