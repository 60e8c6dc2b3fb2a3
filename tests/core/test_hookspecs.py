"""The hooks' documentation and what kinds must answer."""

from __future__ import annotations

import inspect
import sys
import textwrap
from typing import get_args

import pluggy

from plugwire import Settings, hookspecs, plugins
from plugwire.compose import compose_server
from plugwire.hookspecs import REQUIRED, Hooks
from plugwire.interfaces import ALLOW, Deny, Peer, Subject
from plugwire.shapes import SHAPES


def example() -> str:
    text = inspect.getdoc(hookspecs) or ""
    block = text.split("names::\n", 1)[1].split("\nWhat each kind", 1)[0]
    return textwrap.dedent(block)


def test_d1_the_documented_plugin_works_as_it_stands(install, monkeypatch):
    install(
        "acme-quiet",
        {
            "plugwire.permissions": {"quiet": "quiet_mod:Quiet"},
            "plugwire.codecs": {"toy": "toy_mod:Toy"},
            "plugwire.queues": {"toy": "toy_mod:Nothing"},
        },
        modules={"quiet_mod": example(), "toy_mod": TOYS},
    )
    import toy_mod

    settings = Settings(
        transport="memory",
        codec="toy",
        queue="toy",
        permissions=(toy_mod.Everyone(), "quiet"),
        sections={"quiet": {"uids": [7]}},
    )
    (door,) = compose_server("x", settings).doors
    (check,) = door.checks
    loud, quiet = (
        Peer(transport="memory", address="", uid=uid) for uid in (1, 7)
    )
    assert check(loud, "send", Subject("x")) is ALLOW
    assert check(quiet, "receive", Subject("x")) is ALLOW
    assert isinstance(check(quiet, "send", Subject("x")), Deny)


TOYS = """
from plugwire import hookimpl

class Coder:
    format = "toy"
    lines = False
    def encode(self, message): return b""
    def frame(self, bodies): return b""

class Reader:
    def feed(self, data): return []

class Toy:
    @hookimpl
    def encode(self): return Coder()
    @hookimpl
    def decode(self): return Reader

class Nothing:
    @hookimpl
    def queue(self): return self
    def wants(self, joined): return False
    def offer(self, item, joined): return 0
    def preface(self, joined, since, now): return ()
    def handed(self, item): pass
    def returned(self, items): pass
    def clear(self): return 0
    def __len__(self): return 0

class Everyone:
    name = "everyone"
    needs_proof = False
    @hookimpl
    def accept(self): return self
    def admit(self, peer, welcome, hello): return None
    def prove(self, peer, welcome, hello): return None
    def confirm(self, peer, welcome, hello, joined): return None
    def prepare(self): pass
"""


def test_d1_every_hook_has_a_kind_a_shape_and_a_specification():
    manager = pluggy.PluginManager("plugwire")
    manager.add_hookspecs(Hooks)
    specified = {name for name in vars(manager.hook) if name[0] != "_"}
    required = {hook for _, hooks in REQUIRED.values() for hook in hooks}
    assert specified == required == set(SHAPES)
    assert set(REQUIRED) == set(plugins.GROUPS.values())


def test_no_specification_has_firstresult_and_all_take_the_context():
    manager = pluggy.PluginManager("plugwire")
    manager.add_hookspecs(Hooks)
    for name in SHAPES:
        spec = getattr(manager.hook, name).spec
        assert not spec.opts["firstresult"]
        assert "context" in spec.argnames


def test_the_documented_plugin_imports_only_public_modules():
    assert "plugwire._" not in example()
    assert "quiet_mod" not in sys.modules


def test_type_checkers_know_each_kinds_hooks():
    """The protocols, what `REQUIRED` says and what hooks hand over agree."""
    kinds = {
        "transport": (hookspecs.TransportPlugin,),
        "codec": (hookspecs.CodecPlugin,),
        "queue": (hookspecs.QueuePlugin,),
        "permission": get_args(hookspecs.PermissionPlugin),
        "extension": (hookspecs.ExtensionPlugin,),
    }
    assert kinds.keys() == REQUIRED.keys()
    for kind, protocols in kinds.items():
        own = {
            name: inspect.signature(method).return_annotation
            for protocol in protocols
            for name, method in vars(protocol).items()
            if inspect.isfunction(method) and not name.startswith("_")
        }
        assert own == {
            hook: inspect.signature(getattr(Hooks, hook)).return_annotation
            for hook in REQUIRED[kind][1]
        }
