"""What a server counts."""

from __future__ import annotations

import pytest
from msgspec.structs import asdict, fields

from plugwire.stats import Stats


def test_every_counter_begins_at_nothing_and_is_its_own() -> None:
    stats = Stats()
    assert set(asdict(stats).values()) == {0}
    for field in fields(Stats):
        setattr(stats, field.name, getattr(stats, field.name) + 1)
    assert set(asdict(stats).values()) == {1}
    assert set(asdict(Stats()).values()) == {0}


def test_a_counter_that_is_misspelt_is_an_error() -> None:
    name = "droped"
    with pytest.raises(AttributeError):
        setattr(Stats(), name, 1)


def test_counters_are_documented() -> None:
    assert Stats.__doc__ is not None
    for field in fields(Stats):
        assert f"`{field.name}`" in Stats.__doc__, field.name
