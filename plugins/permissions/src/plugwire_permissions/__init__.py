"""Who may come in, and who may do what: peer, token, rules, anyone.

`peer` and `token` are gates (they look at whoever connects), `anyone` is a
gate that says in words that there is none, and `rules` is a check (it looks
at each act of those who came in).
"""

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
