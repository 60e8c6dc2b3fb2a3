"""Entry points that are wrong, and the check that says so."""

from __future__ import annotations

import pytest

LINE = "toy = plugwire_toy:Toy"


@pytest.mark.parametrize(
    ("by", "old", "new", "words"),
    [
        (
            "test_it_claims_a_name",
            "plugwire.codecs",
            "console_scripts",
            "found groups console_scripts",
        ),
        (
            "test_its_groups_are_plugwires",
            "plugwire.codecs",
            "plugwire.codec",
            "found plugwire.codec, which plugwire does not read",
        ),
        (
            "test_its_names_are_legal",
            "toy =",
            "Toy-Codec =",
            "'Toy-Codec' is no plugin's name",
        ),
        (
            "test_its_names_are_legal",
            "toy =",
            "codec =",
            "'codec' is a key of plugwire's own settings",
        ),
        (
            "test_no_name_is_claimed_twice",
            LINE,
            f"{LINE}\ntoy = plugwire_toy:Other",
            "codec 'toy' is claimed 2 times",
        ),
        (
            "test_each_entry_point_names_a_class",
            "plugwire_toy:Toy",
            "plugwire_toy",
            "expected `module:Class`, found 'plugwire_toy'",
        ),
        (
            "test_it_is_available",
            "toy =",
            "TOY =",
            "is badly named",
        ),
    ],
)
def test_a_wrong_claim_is_caught(turned_down, by, old, new, words) -> None:
    assert words in turned_down(by, points=(old, new))


def test_a_name_of_another_distribution_is_caught(toy, turned_down) -> None:
    info = toy() / "acme-2.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: acme\nVersion: 2.0\n")
    (info / "entry_points.txt").write_text("[plugwire.codecs]\ntoy = a:Toy\n")
    said = turned_down("test_no_name_is_claimed_twice")
    assert "acme and plugwire-toy claim it" in said


def test_what_excludes_this_core_is_not_available(turned_down) -> None:
    said = turned_down(
        "test_it_is_available", metadata=("plugwire<1,>=0.1", "plugwire>98")
    )
    assert "codec 'toy' (plugwire_toy:Toy) is incompatible" in said


def test_types_that_nobody_is_told_of_are_caught(turned_down) -> None:
    said = turned_down(
        "test_its_types_are_told", less=["plugwire_toy/py.typed"]
    )
    assert "plugwire_toy to be a package with an empty file py.typed" in said
