"""The first-party permissions pass the conformance kit."""

from __future__ import annotations

from typing import ClassVar

from plugwire.testing import PermissionSuite
from plugwire_permissions import Anyone, PeerCredentials, Rules, Token


class TestAnyone(PermissionSuite):
    plugin = Anyone
    capabilities = ("gate", "everyone")


class TestPeer(PermissionSuite):
    plugin = PeerCredentials
    capabilities = ("gate", "identity")


class TestToken(PermissionSuite):
    plugin = Token
    capabilities = ("gate", "proof")


class TestRules(PermissionSuite):
    plugin = Rules
    capabilities = ("check",)
    settings: ClassVar = {"allow": [{"who": "*", "verbs": ["connect"]}]}


class TestRulesOfAll(TestRules):
    settings: ClassVar = {"allow": [{"who": "*", "verbs": ["*"]}]}


class TestRulesOfNone(TestRules):
    settings: ClassVar = {}
