"""What the checks look at."""

from __future__ import annotations

from plugwire.testing.packaging.facts import Claim, Packaged, told


def test_a_claim_names_its_module() -> None:
    claim = Claim("codec", "toy", " plugwire_toy.inner : Toy ")
    assert claim.module == "plugwire_toy.inner"
    assert str(claim) == "codec 'toy' ( plugwire_toy.inner : Toy )"


def test_what_is_listed_is_the_distributions_own(toy) -> None:
    toy()
    suite = Packaged()
    type(suite).distribution = "Plugwire.Toy"
    try:
        assert [one.name for one in suite.listed()] == ["toy"]
    finally:
        del Packaged.distribution


def test_faults_are_lines() -> None:
    assert told(["one", "two"]) == "one\ntwo"
