"""Metadata that is wrong in one field, and the check that says so."""

from __future__ import annotations

import pytest

REQUIRED = "Requires-Dist: plugwire<1,>=0.1\n"
LONG = "It says at some length what it carries and what it refuses. "


@pytest.mark.parametrize(
    ("by", "old", "new", "words"),
    [
        (
            "test_its_version_can_be_compared",
            "Version: 1.0",
            "Version: one",
            "such as 0.1.0, found 'one'",
        ),
        (
            "test_it_has_a_summary",
            "Summary: A codec that is a toy\n",
            "",
            "expected a summary",
        ),
        (
            "test_its_readme_is_its_description",
            LONG * 3,
            "# plugwire-toy",
            "at least 20 words, found 2",
        ),
        (
            "test_its_licence_is_named",
            "License-Expression: MIT\n",
            "",
            "expected a licence, found none",
        ),
        (
            "test_its_licence_is_brought",
            "License-File: LICENSE\n",
            "",
            "found no License-File",
        ),
        (
            "test_it_says_which_python_it_needs",
            "Requires-Python: >=3.11\n",
            "",
            "expected Requires-Python, found none",
        ),
        (
            "test_it_says_which_python_it_needs",
            ">=3.11",
            "<3.11",
            "to admit this Python 3.",
        ),
        (
            "test_it_requires_plugwire_within_bounds",
            REQUIRED,
            "",
            "a lower bound on plugwire, found no requirement",
        ),
        (
            "test_it_requires_plugwire_within_bounds",
            "plugwire<1,>=0.1",
            "plugwire>=0.1",
            "an upper bound on plugwire, found plugwire>=0.1",
        ),
        (
            "test_it_requires_plugwire_within_bounds",
            "plugwire<1,>=0.1",
            "plugwire<1",
            "a lower bound on plugwire, found plugwire<1",
        ),
        (
            "test_it_requires_plugwire_within_bounds",
            REQUIRED,
            'Requires-Dist: plugwire<1,>=0.1; extra == "all"\n',
            "found no requirement",
        ),
        (
            "test_it_admits_the_running_core",
            "plugwire<1,>=0.1",
            "plugwire<99,>=98",
            "to be admitted, found plugwire<99,>=98",
        ),
        (
            "test_it_requires_no_place",
            "plugwire<1,>=0.1",
            "plugwire @ file:///somewhere",
            "found plugwire@ file:///somewhere",
        ),
    ],
)
def test_a_wrong_field_is_caught(turned_down, by, old, new, words) -> None:
    said = turned_down(by, metadata=(old, new))
    assert words in said.replace("plugwire @ file", "plugwire@ file")


@pytest.mark.parametrize(
    ("by", "old", "new"),
    [
        (
            "test_its_licence_is_named",
            "License-Expression: MIT",
            "Classifier: License :: OSI Approved :: MIT License",
        ),
        (
            "test_it_requires_plugwire_within_bounds",
            "plugwire<1,>=0.1",
            "plugwire~=0.1",
        ),
        (
            "test_its_readme_is_its_description",
            f"Description-Content-Type: text/markdown\n\n{LONG * 3}",
            f"Description: {LONG * 3}\n",
        ),
    ],
)
def test_what_says_the_same_otherwise_passes(approved, by, old, new) -> None:
    assert approved(by, metadata=(old, new)) == "passed"
