"""docs/examples/monitor: its scoring, its pace and where figures come from,
without a daemon."""

from __future__ import annotations

import importlib
import sys
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

FOLDER = Path(__file__).parents[2] / "docs" / "examples" / "monitor"


def module(name: str) -> ModuleType:
    """A module of the example, as the program itself imports it."""
    sys.path.insert(0, str(FOLDER))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(FOLDER))
        for each in ("probes", "stress", "monitor"):
            sys.modules.pop(each, None)


stress = module("stress")


# ------------------------------------------------------------- the scoring


def after(level: float, tier: str, figures: dict[str, float]):
    return stress.judge(stress.Stress(level, tier), figures, 0.0)


@pytest.mark.parametrize(
    ("figures", "level"),
    [
        ({}, 0.0),
        ({"cpu_percent": 100.0}, 0.5),
        ({"memory_percent": 70.0}, 0.0),
        ({"memory_percent": 84.0}, 0.5),
        ({"pressure_io": 30.0, "cpu_percent": 10.0}, 0.5),
        ({"pressure_memory": 99.0}, 1.0),
        ({"load_1": 99.0, "read_rate": 1e9}, 0.0),
    ],
)
def test_the_worst_figure_is_the_stress(figures, level: float) -> None:
    long = stress.judge(stress.Stress(), figures, 1e6)
    assert long.level == pytest.approx(level)


def test_stress_is_smoothed_by_time_not_by_the_number_of_looks() -> None:
    figures = {"pressure_cpu": 80.0}
    once = stress.judge(stress.Stress(), figures, 1.0)
    often = stress.Stress()
    for _ in range(10):
        often = stress.judge(often, figures, 0.1)
    assert 0.3 < once.level < 0.5
    assert often.level == pytest.approx(once.level)


@pytest.mark.parametrize(
    ("level", "before", "tier"),
    [
        (0.0, "calm", "calm"),
        (0.29, "calm", "calm"),
        (0.30, "calm", "busy"),
        (0.29, "busy", "busy"),
        (0.21, "busy", "busy"),
        (0.19, "busy", "calm"),
        (0.95, "calm", "critical"),
        (0.80, "critical", "critical"),
        (0.70, "critical", "strained"),
        (0.45, "critical", "busy"),
        (0.00, "critical", "calm"),
    ],
)
def test_a_tier_is_left_with_a_margin(
    level: float, before: str, tier: str
) -> None:
    assert after(level, before, {}).tier == tier


@given(
    st.sampled_from(stress.ENTER),
    st.lists(st.floats(-0.049, 0.049), min_size=2),
    st.sampled_from(stress.TIERS),
)
def test_a_level_that_trembles_changes_the_tier_once_at_most(
    edge: float, trembles: list[float], tier: str
) -> None:
    tiers = []
    for tremble in trembles:
        tier = after(edge + tremble, tier, {}).tier
        tiers.append(tier)
    changes = sum(a != b for a, b in pairwise(tiers))
    assert changes <= 1


# -------------------------------------------------------------- the probes


def test_pressure_is_the_share_of_the_time_since_the_last_look(
    tmp_path: Path,
) -> None:
    def write(total: int) -> None:
        for kind in ("cpu", "io"):  # and none of memory
            (tmp_path / kind).write_text(
                f"some avg10=0.00 avg60=0.00 avg300=0.00 total={total}\n"
                "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
            )

    write(1_000_000)
    machine = module("probes").Machine(tmp_path)
    figures, _ = machine.look()
    assert (figures["pressure_cpu"], figures["pressure_io"]) == (0.0, 0.0)
    write(3_000_000)
    figures, elapsed = machine.look()
    assert figures["pressure_cpu"] == pytest.approx(200 / elapsed, rel=0.01)
    assert "pressure_memory" not in figures


def test_a_machine_that_tells_no_pressure_leaves_it_out(
    tmp_path: Path,
) -> None:
    (tmp_path / "cpu").mkdir()  # it is there, and cannot be read
    figures, elapsed = module("probes").Machine(tmp_path).look()
    assert elapsed > 0
    assert not [name for name in figures if name.startswith("pressure")]
    assert figures.keys() >= {"cpu_percent", "load_1", "memory_percent"}


# ---------------------------------------------------------------- the pace


def test_the_pace_does_not_drift() -> None:
    following = module("monitor").following
    due = 100.0
    for beat in range(1, 1001):
        due = following(due, due + 0.0999 * (beat % 2), 0.1)
        assert due == pytest.approx(100 + beat / 10)


def test_beats_that_were_slept_through_are_left_out() -> None:
    following = module("monitor").following
    assert following(100.0, 99.999, 0.5) == 100.5  # a timer that was early
    assert following(100.0, 103.75, 0.5) == 104.0
