"""Who may come in, and who may do what: peer, token, rules, anyone.

`peer` and `token` are gates (they look at whoever connects), `anyone` is a
gate that says in words that there is none, and `rules` is a check (it looks
at each act of those who came in). Each is imported when it is asked for: few
programs use more than one.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plugwire_permissions.anyone import Anyone
    from plugwire_permissions.peer import PeerCredentials, PeerSettings
    from plugwire_permissions.rules import Rule, Rules, RulesSettings
    from plugwire_permissions.token import Token, TokenSettings

__all__ = [
    "Anyone",
    "PeerCredentials",
    "PeerSettings",
    "Rule",
    "Rules",
    "RulesSettings",
    "Token",
    "TokenSettings",
]

_ROOMS = {
    "Anyone": "anyone",
    "PeerCredentials": "peer",
    "PeerSettings": "peer",
    "Rule": "rules",
    "Rules": "rules",
    "RulesSettings": "rules",
    "Token": "token",
    "TokenSettings": "token",
}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
    globals()[name] = found  # asked for again, it is there
    return found
