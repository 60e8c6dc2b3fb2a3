"""`[plugwire.compress]`, checked as any section is."""

from __future__ import annotations

import pytest

from plugwire.validation import validate_section
from plugwire_compress import CompressSettings


def problems(**section: object) -> list[str]:
    _, found = validate_section(
        CompressSettings, section, "plugwire.compress", {}
    )
    return [problem.key for problem in found]


def test_the_defaults_are_right() -> None:
    assert problems() == []
    assert CompressSettings() == CompressSettings(level=1, threshold=512)


@pytest.mark.parametrize(
    ("key", "value", "right"),
    [
        ("level", 1, True),
        ("level", 19, True),
        ("level", 0, False),
        ("level", 20, False),
        ("threshold", 0, True),
        ("threshold", (1 << 24) - 1, True),
        ("threshold", -1, False),
        ("threshold", 1 << 24, False),
        ("dictionary", "words", False),
    ],
)
def test_bounds_are_checked(key: str, value: object, right: bool) -> None:
    assert (problems(**{key: value}) == []) is right
