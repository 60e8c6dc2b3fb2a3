"""Permissions that keep every promise, for others to break."""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass

import pytest

from plugwire import Denied, hookimpl
from plugwire.interfaces import ALLOW, Deny

GATE = ("gate", "proof")
OWN = ("gate", "identity")


@dataclass(frozen=True, kw_only=True)
class SecretSettings:
    secret: str


class SecretGate:
    """Proves a secret of the section, by an HMAC of all that counts."""

    name = "secret"
    needs_proof = True

    def __init__(self, secret, endpoint):
        self.secret = secret
        self.endpoint = endpoint
        self.key = None
        self.proved = False

    def prepare(self):
        self.key = self.secret.encode()

    def make(self, side, welcome, hello):
        nonces = [said.get("nonce") for said in (welcome, hello)]
        if not all(isinstance(n, str) and len(n) == 32 for n in nonces):
            raise Denied("there is no nonce to make a proof with")
        text = "|".join((side, *nonces, self.endpoint))
        return hmac.digest(self.secret.encode(), text.encode(), "sha256").hex()

    def judge(self, said, expected, who):
        found = said.get("proof", {}).get(self.name, "")
        if not hmac.compare_digest(found.encode(), expected.encode()):
            raise Denied(f"the {who} does not know the secret here")

    def admit(self, peer, welcome, hello):
        if self.key is None:
            raise Denied("this server is not prepared yet")
        self.judge(hello, self.make("client", welcome, hello), "client")
        return self.make("server", welcome, hello)

    def prove(self, peer, welcome, hello):
        self.proved = True
        return self.make("client", welcome, hello)

    def confirm(self, peer, welcome, hello, joined):
        if not self.proved:
            raise Denied("this client has proved nothing itself")
        self.judge(joined, self.make("server", welcome, hello), "server")


class OwnGate:
    """Our own uid, and no other."""

    name = "own"
    needs_proof = False

    def prepare(self): ...
    def prove(self, peer, welcome, hello): ...
    def confirm(self, peer, welcome, hello, joined): ...

    def admit(self, peer, welcome, hello):
        if peer.uid != os.geteuid():
            raise Denied(f"uid {peer.uid} is not the one that serves here")


class Quiet:
    """Only we speak here."""

    @hookimpl
    def authorize(self):
        return self.check

    def check(self, peer, verb, subject):
        if verb in ("connect", "receive") or peer.uid == os.geteuid():
            return ALLOW
        return Deny(f"uid {peer.uid} only listens here")


def secret(gate=SecretGate):
    """The plugin with gates of this class, which takes a section."""

    class Secret:
        Settings = SecretSettings

        def __init__(self, settings):
            self.settings = settings

        def __repr__(self):
            return "a plugin with a secret"

        @hookimpl
        def accept(self, context):
            return gate(self.settings.secret, context.endpoint)

    return Secret


def gated(gate=OwnGate):
    """The plugin with gates of this class."""

    class Gated:
        @hookimpl
        def accept(self):
            return gate()

    return Gated


def _foreign(self):
    return {"secret": "another one that nobody knows"}


SECRET = {
    "settings": {"secret": "correct horse battery staple"},
    "foreign_section": pytest.fixture(_foreign),
    "capabilities": GATE,
}
"""What the author of `secret()` writes into the test class."""
