"""Settings that mislead, and the check that says so."""

from __future__ import annotations

import pytest

FIELD = "    level: int = 1\n"
DOCSTRING = '    """The section [plugwire.toy]."""\n'


@pytest.mark.parametrize(
    ("by", "old", "new", "words"),
    [
        (
            "test_its_settings_are_a_frozen_dataclass",
            "frozen=True, slots=True",
            "slots=True",
            "to be a frozen dataclass",
        ),
        (
            "test_its_settings_are_a_frozen_dataclass",
            "Settings = ToySettings",
            "Settings = dict",
            "toy: expected <class 'dict'> to be a frozen dataclass",
        ),
        (
            "test_each_setting_has_a_type",
            FIELD,
            "    level = 1\n",
            "toy.level: expected a type, found none",
        ),
        (
            "test_each_setting_has_a_type",
            FIELD,
            "    level: \"__import__('typing').Any\" = 1\n",
            "toy.level: expected a type, found Any",
        ),
        (
            "test_each_setting_has_a_type",
            FIELD,
            '    level: "Undefined" = 1\n',
            "toy: an annotation cannot be read: name 'Undefined'",
        ),
        (
            "test_each_setting_has_a_default_or_is_told",
            FIELD,
            "    level: int\n",
            "toy.level: expected a default, or its name in the docstring",
        ),
        (
            "test_its_settings_say_what_they_are",
            DOCSTRING,
            "",
            "expected a docstring of ToySettings",
        ),
        (
            "test_an_empty_section_will_do",
            FIELD,
            "    level: int\n",
            "plugwire.toy.level",
        ),
        (
            "test_an_empty_section_will_do",
            "self.settings = settings",
            "raise ValueError('not today')",
            "not today",
        ),
    ],
)
def test_misleading_settings_are_caught(
    turned_down, by, old, new, words
) -> None:
    assert words in turned_down(by, source=(old, new))


def test_what_must_be_written_is_told_in_the_docstring(approved) -> None:
    by = "test_each_setting_has_a_default_or_is_told"
    told = '    """The section; `level` must be written."""\n    level: int\n'
    assert approved(by, source=(DOCSTRING + "\n" + FIELD, told)) == "passed"


def test_a_plugin_may_have_no_settings(approved) -> None:
    ended = approved(
        "test_each_setting_has_a_type",
        source=("    Settings = ToySettings\n", ""),
    )
    assert ended.startswith("skipped: no plugin of it has Settings")


def test_a_plugin_without_settings_is_made_of_nothing(approved) -> None:
    old = (
        "    Settings = ToySettings\n"
        "    def __init__(self, settings): self.settings = settings\n"
    )
    by = "test_an_empty_section_will_do"
    assert approved(by, source=(old, "")) == "passed"
