"""What a child is asked, and tells: the real child, in its own process."""

from __future__ import annotations

import sys

from plugwire.cli.doctor.child import Asked
from plugwire.cli.doctor.probe import probe


def test_importing_one_imports_no_other(install):
    """The child says which modules it has, in the place of a problem."""
    source = (
        "import sys\n"
        "raise RuntimeError([m for m in sys.modules"
        " if m.startswith('plugwire_')])\n"
    )
    install(
        "acme-codec",
        {"plugwire.codecs": {"acme": "acme_sees:Acme"}},
        modules={"acme_sees": source},
    )
    answer = probe(Asked(act="import", word="acme"))
    (problem,) = answer.told.problems
    assert "RuntimeError: []" in problem.found
    assert "acme_sees" not in sys.modules


def test_a_transport_that_proposes_nonsense_proposes_nothing(install):
    install(
        "acme-way",
        {"plugwire.transports": {"acme": "acme_way:Acme"}},
        modules={"acme_way": "class Acme: default_permissions = 'peer'"},
    )
    answer = probe(Asked(act="import", kind="transport", word="acme"))
    assert answer.well
    assert answer.told.proposes == ()


def test_composing_tells_all_that_is_wrong():
    asked = Asked(
        act="compose",
        event="load",
        texts=[("permissions", '["rules"]'), ("tcp.port", "x")],
        transport="tcp",
    )
    keys = {p.key for p in probe(asked).told.problems}
    assert keys == {"plugwire.tcp.port", "plugwire.permissions"}
