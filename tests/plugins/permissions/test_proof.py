"""The proof: its vector, and that each part of its input counts."""

from __future__ import annotations

import hashlib
import hmac
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugwire import Denied
from plugwire.handshake import nonce
from plugwire_permissions.proof import (
    make_proof,
    matches,
    nonce_of,
    proof_of,
)

PAGE = Path(__file__).parents[3] / "docs/security.md"
KEYS = st.binary(min_size=16, max_size=64)
NONCES = st.text("0123456789abcdef", min_size=32, max_size=64)
SIDES = st.sampled_from(["client", "server"])
ENDPOINTS = st.from_regex(r"[a-zA-Z0-9_-]{1,9}(\.[a-z]{1,9})?\Z")
INPUTS = st.tuples(KEYS, SIDES, NONCES, NONCES, ENDPOINTS)


def documented() -> dict[str, str]:
    """The test vector of the security page."""
    text = PAGE.read_text("utf-8")
    rows = re.findall(r"^\| ([a-z ]+) \| `([^`]+)` \|$", text, re.M)
    return dict(rows)


def test_the_page_has_the_right_vector() -> None:
    vector = documented()
    key = bytes.fromhex(vector["token"])
    nonces = vector["server nonce"], vector["client nonce"]
    endpoint = vector["endpoint"]
    for side in ("client", "server"):
        found = make_proof(key, side, *nonces, endpoint)
        assert found == vector[f"{side} proof"]


def test_the_page_says_enough_to_do_it_again() -> None:
    # As a reader in another language would write it.
    vector = documented()
    parts = (
        "plugwire-token-1",
        "client",
        vector["server nonce"],
        vector["client nonce"],
        vector["endpoint"],
    )
    text = b""
    for part in parts:
        text += len(part).to_bytes(4, "big") + part.encode("ascii")
    assert text.hex() == vector["client input"]
    mac = hmac.new(bytes.fromhex(vector["token"]), text, hashlib.sha256)
    assert mac.hexdigest() == vector["client proof"]


@given(INPUTS, INPUTS)
def test_different_inputs_give_different_proofs(one, other) -> None:
    equal = make_proof(*one) == make_proof(*other)
    assert equal == (one == other)


@given(INPUTS, st.integers(0, 4), st.data())
def test_each_part_counts(given_input, index, data) -> None:
    parts = (KEYS, SIDES, NONCES, NONCES, ENDPOINTS)
    changed = list(given_input)
    changed[index] = data.draw(
        parts[index].filter(lambda part: part != given_input[index])
    )
    assert make_proof(*given_input) != make_proof(*changed)


@given(NONCES, NONCES, st.text("0123456789abcdef", min_size=1))
def test_no_part_can_lend_to_the_next(one, other, moved) -> None:
    key = b"k" * 16
    lent = make_proof(key, "client", one + moved, other, "load")
    assert lent != make_proof(key, "client", one, moved + other, "load")


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"nonce": None},
        {"nonce": ""},
        {"nonce": "a" * 31},
        {"nonce": "a" * 129},
        {"nonce": "g" * 32},
        {"nonce": "a" * 32 + "\n"},
        {"nonce": "١" * 32},
        {"nonce": b"a" * 32},
        {"nonce": ["a"] * 32},
        {"nonce": 10**32},
        None,
        [],
        "nonce",
    ],
)
def test_a_poor_nonce_is_denied(said) -> None:
    with pytest.raises(Denied, match="the client sent no nonce"):
        nonce_of(said, "client")


def test_the_nonce_of_core_is_good() -> None:
    made = nonce()
    assert nonce_of({"nonce": made}, "server") == made
    assert nonce_of({"nonce": "aB" * 64}, "server") == "aB" * 64


@pytest.mark.parametrize(
    "said",
    [
        {},
        None,
        {"proof": None},
        {"proof": "a" * 64},
        {"proof": ["token"]},
        {"proof": {}},
        {"proof": {"peer": "a" * 64}},
        {"proof": {"token": None}},
        {"proof": {"token": ""}},
        {"proof": {"token": "a" * 63}},
        {"proof": {"token": "a" * 65}},
        {"proof": {"token": "A" * 64}},
        {"proof": {"token": "é" * 64}},
        {"proof": {"token": "\ud800" * 64}},
        {"proof": {"token": b"a" * 64}},
    ],
)
def test_what_is_no_proof_is_denied(said) -> None:
    with pytest.raises(Denied, match="the server gave no proof"):
        proof_of(said, "server")


def test_a_proof_is_found_and_compared_whole() -> None:
    proof = "0123456789abcdef" * 4
    assert proof_of({"proof": {"token": proof}}, "client") == proof
    assert matches(proof, "0123456789abcdef" * 4)
    assert not matches(proof, proof[:-1] + "0")
