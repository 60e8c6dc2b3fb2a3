"""Plugins that cannot be used as a configuration uses them."""

from __future__ import annotations


def test_one_that_is_not_available_is_caught(turned_down) -> None:
    said = turned_down(
        "test_it_is_listed", metadata=("plugwire<1,>=0.1", "plugwire>98")
    )
    assert "expected one line `available`, found incompatible: " in said


def test_one_that_does_not_answer_its_hooks_is_caught(turned_down) -> None:
    said = turned_down(
        "test_it_is_chosen_by_its_name",
        source=("    @hookimpl\n    def encode", "    def encode"),
    )
    assert "codec 'toy' (plugwire_toy:Toy): plugwire: " in said
    assert "encode" in said


def test_one_in_another_kinds_group_is_caught(turned_down) -> None:
    said = turned_down(
        "test_it_is_chosen_by_its_name",
        points=("plugwire.codecs", "plugwire.queues"),
    )
    assert "queue 'toy' (plugwire_toy:Toy): plugwire: " in said


def test_a_type_that_no_schema_can_tell_is_caught(turned_down) -> None:
    said = turned_down(
        "test_its_section_has_a_schema",
        source=("level: int = 1", "level: hookimpl.__class__ = 1"),
    )
    assert "codec 'toy' (plugwire_toy:Toy): plugwire: " in said


def test_plugins_of_every_kind_are_chosen(approved) -> None:
    kinds = {
        "transports": "plugwire.memory:Memory",
        "queues": "plugwire.testing.companions:Shelf",
        "permissions": "plugwire_toy:Checker",
        "extensions": "plugwire_toy:Wrapper",
    }
    points = "".join(
        f"[plugwire.{group}]\ntoy_{group} = {value}\n"
        for group, value in kinds.items()
    )
    wrapper = (
        "class Wrapper:\n"
        "    @hookimpl\n"
        "    def wrap(self, layers): return layers\n"
        "class Checker:\n"
        "    @hookimpl\n"
        "    def authorize(self): return lambda *about: None\n"
    )
    ended = approved(
        "test_it_is_chosen_by_its_name",
        points=("[plugwire.codecs]\n", f"{points}[plugwire.codecs]\n"),
        source=("class Toy:\n", f"{wrapper}\nclass Toy:\n"),
    )
    assert ended == "passed", ended
