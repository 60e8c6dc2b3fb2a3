"""Who may come in, when nobody says so."""

from __future__ import annotations

import pytest
from toys import Carrier, Checked, Gated, given, only, wrong

from plugwire import (
    ConfigurationError,
    PluginError,
)
from plugwire.compose import compose_client, compose_server


def test_empty_permissions_are_refused():
    problem = only(wrong(given(permissions=())))
    assert problem.key == "plugwire.permissions"
    assert '"anyone"' in problem.mend


def test_permissions_without_a_gate_are_refused():
    problem = only(wrong(given(permissions=(Checked(),))))
    assert "a gate" in problem.expected


CHECK = """
from plugwire import hookimpl
from plugwire.interfaces import ALLOW

class Acme:
    @hookimpl
    def authorize(self): return lambda peer, verb, subject: ALLOW
"""


def test_a_gate_is_proposed_that_the_transport_has(install):
    install(
        "acme-check",
        {"plugwire.permissions": {"acme": "check_mod:Acme"}},
        modules={"check_mod": CHECK},
    )
    problem = only(wrong(given(permissions=("acme",))))
    assert problem.mend == (
        'add one: permissions = ["anyone", "acme"], say; to let everyone in, '
        'add "anyone"'
    )

    class Mute(Carrier):
        default_permissions = ()

    for transport, named in ((Mute(), "acme"), (Carrier(), Checked())):
        told = only(wrong(given(transport=transport, permissions=(named,))))
        assert told.mend == 'add one; to let everyone in, add "anyone"'


def test_two_gates_of_one_name_are_refused():
    problem = only(wrong(given(permissions=(Gated("a"), Gated("a")))))
    assert problem.found == "a more than once"


PERMISSION = """
from plugwire import hookimpl

class Gate:
    name = "acme_gate"
    needs_proof = True
    def admit(self, peer, welcome, hello): ...
    def prove(self, peer, welcome, hello): ...
    def confirm(self, peer, welcome, hello, joined): ...
    def prepare(self): ...

class Acme:
    @hookimpl
    def accept(self): return Gate()
"""


@pytest.fixture
def proposing(install):
    install(
        "acme-gate",
        {"plugwire.permissions": {"acme_gate": "gate_mod:Acme"}},
        modules={"gate_mod": PERMISSION},
    )

    class Proposing(Carrier):
        default_permissions = ("acme_gate",)

    return Proposing


def test_the_transport_proposes_where_none_are_given(proposing):
    settings = given(transport=proposing(), permissions=None)
    (door,) = compose_server("x", settings).doors
    assert [gate.name for gate in door.gates] == ["acme_gate"]
    (accept,) = [a for a in door.answers if a.hook == "accept"]
    assert accept.chosen_by == "the transport's proposal"


def test_a_proposal_that_is_not_installed_is_told_as_such():
    class Proposing(Carrier):
        default_permissions = ("no_such",)

    settings = given(transport=Proposing(), permissions=None)
    problem = only(wrong(settings, PluginError))
    assert problem.origin == "the transport's proposal"


@pytest.mark.parametrize(
    ("proposed", "kind", "words"),
    [
        ((), ConfigurationError, "proposes none"),
        (["anyone"], PluginError, "no tuple of names"),
        ((5,), PluginError, "no tuple of names"),
    ],
)
def test_a_transport_without_a_proposal_wants_words(proposed, kind, words):
    class Silent(Carrier):
        default_permissions = proposed

    settings = given(transport=Silent(), permissions=None)
    assert words in str(wrong(settings, kind))


def test_a_transport_that_says_nothing_of_permissions_wants_words():
    class Silent:
        bind = Carrier.bind
        connect = Carrier.connect

    settings = given(transport=Silent(), permissions=None)
    assert "proposes none" in only(wrong(settings)).expected
    assert compose_server("x", given(transport=Silent()))


def exposed(proposing, answer):
    class Exposed(proposing):
        def needs_explicit_permissions(self):
            if isinstance(answer, Exception):
                raise answer
            return answer

    return Exposed()


@pytest.mark.parametrize("answer", [True, None])
def test_a_transport_may_ask_for_explicit_permissions(proposing, answer):
    transport = exposed(proposing, answer)
    problem = only(wrong(given(transport=transport, permissions=None)))
    assert problem.key == "plugwire.permissions"
    assert 'permissions = ["acme_gate"]' in problem.mend
    assert compose_server("x", given(transport=transport))


def test_a_clients_transport_needs_no_explicit_permissions(proposing):
    settings = given(transport=exposed(proposing, True), permissions=None)
    assert compose_client(
        "x",
        settings,
        door="main",
        endpoint="x",
        transport=settings.transport,
        codec=settings.codec,
    )


def test_a_safe_transport_needs_no_explicit_permissions(proposing):
    settings = given(transport=exposed(proposing, False), permissions=None)
    assert compose_server("x", settings)


def test_a_transport_that_cannot_say_is_broken(proposing):
    transport = exposed(proposing, RuntimeError("boom"))
    error = wrong(given(transport=transport, permissions=None), PluginError)
    assert "RuntimeError: boom" in str(error)
