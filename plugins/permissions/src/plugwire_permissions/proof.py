"""The proof that a side knows the token: an HMAC, never the token itself.

Its input names the side, so that neither can send the other's proof back,
holds a fresh nonce of each, so that none can be used again, and the
endpoint, so that it is good for one door only. Each part stands behind its
length, so that no two inputs are the same bytes.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from struct import Struct
from typing import Any

from plugwire import Denied
from plugwire.interfaces import Side

LABEL = "plugwire-token-1"
"""Tells these HMACs from any other use of the same token."""

_NONCE = re.compile(r"[0-9a-fA-F]{32,128}\Z")
_PROOF = re.compile(r"[0-9a-f]{64}\Z")
_LENGTH = Struct(">I")


def make_proof(
    key: bytes, side: Side, server_nonce: str, client_nonce: str, endpoint: str
) -> str:
    """HMAC-SHA-256 under `key`, as 64 lower-case hexadecimal digits."""
    parts = (LABEL, side, server_nonce, client_nonce, endpoint)
    encoded = [part.encode() for part in parts]
    text = b"".join(_LENGTH.pack(len(part)) + part for part in encoded)
    return hmac.digest(key, text, "sha256").hex()


def nonce_of(said: Mapping[str, Any], side: Side) -> str:
    """The nonce of `side` in its welcome or hello.

    Raises `Denied` unless it is text of 32 to 128 hexadecimal digits: 128
    bits are what no two handshakes share.
    """
    found = said.get("nonce") if isinstance(said, Mapping) else None
    if isinstance(found, str) and _NONCE.match(found):
        return found
    raise Denied(
        f"the {side} sent no nonce of 32 to 128 hexadecimal digits, which "
        "the token's proof needs",
        f"the {side} must make 128 random bits for each connection",
    )


def proof_of(said: Mapping[str, Any], side: Side) -> str:
    """The token's proof in a hello or joined; raises `Denied` for none."""
    proofs = said.get("proof") if isinstance(said, Mapping) else None
    found = proofs.get("token") if isinstance(proofs, Mapping) else None
    if isinstance(found, str) and _PROOF.match(found):
        return found
    raise Denied(
        f"the {side} gave no proof that it knows the token",
        'both sides need "token" among their permissions, and the same '
        "token file",
    )


def matches(found: str, expected: str) -> bool:
    """Whether two proofs are equal, in a time that says nothing of where
    they differ."""
    return hmac.compare_digest(found, expected)
