"""`[plugwire.metrics]`, checked as any section is."""

from __future__ import annotations

import pytest

from plugwire.validation import validate_section
from plugwire_metrics import MetricsSettings


@pytest.mark.parametrize(
    ("section", "right"),
    [
        ({}, True),
        ({"latency_per_second": 0}, True),
        ({"latency_per_second": 1_000_000}, True),
        ({"latency_per_second": -1}, False),
        ({"latency_per_second": 1_000_001}, False),
        ({"clients": True}, False),
    ],
)
def test_bounds_are_checked(section: dict[str, object], right: bool) -> None:
    _, problems = validate_section(
        MetricsSettings, section, "plugwire.metrics", {}
    )
    assert (not problems) is right
