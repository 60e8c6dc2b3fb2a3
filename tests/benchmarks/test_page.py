"""The page that is made of a run, and its charts."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from benchmarks import charts, report
from benchmarks.goals import GOALS
from benchmarks.page import BEGIN, by_hand, page
from benchmarks.results import Results, Row

QUIET = {"cores": "2", "load average": "0.1 0.2 0.3"}
BUSY = {"cores": "2", "load average": "3.1 0.2 0.3"}


@pytest.fixture
def results() -> Results:
    made = Results()
    made.about["fanout-1"] = {
        "about": "fan-out",
        "figures": {"deliveries": "1/s"},
        "larger": ["deliveries"],
    }
    made.left_out = {"nats": "no program nats-server"}
    for turn, (ours, limit, theirs) in enumerate([(8, 16, 4), (9, 9, 6)]):
        for peer, value in (
            ("plugwire", ours),
            ("limit-msgpack", limit),
            ("zmq-ipc", theirs),
        ):
            row = Row("fanout-1", peer, turn, {"deliveries": float(value)})
            made.rows.append(row)
    return made


def facts(results: Results, size: str = "full", **more: Any) -> dict[str, Any]:
    before = more.get("before", QUIET)
    return report.facts(results, "nox -s bench -- --only w1", before, size, 2)


def test_all_of_a_run_is_on_it(results: Results) -> None:
    text = page(facts(results), {"fanout-1": "pictures/f.svg"}, "")
    assert ", 2 rounds, by\n\n    nox -s bench -- --only w1\n" in text
    assert "| cores | 2 |" in text
    assert "| plugwire | 0." in text  # its version
    assert "Left out: nats: no program nats-server." in text
    assert "0 of 6 rounds were disturbed." in text
    assert "![fan-out](pictures/f.svg)" in text
    assert "| plugwire | 8.5 [8..9] | 2 | none |" in text
    assert "| to limit-msgpack | 0.75 x |" in text  # round by round
    assert "| to zmq-ipc | 1.75 x |" in text
    assert "busy" not in text
    assert "**This was a" not in text


def test_each_goal_is_on_it_with_its_verdict(results: Results) -> None:
    text = page(facts(results), {}, "")
    for goal in GOALS:
        assert f"| {goal.row} | {goal.ours} | {goal.words} |" in text
    assert f"**1 of {len(GOALS)} are met, 1 fall short, " in text
    _, _, short = text.partition("### Those that fall short")
    short, _, _ = short.partition(BEGIN)
    assert "| fan-out 1 to 1, msgpack, the limit | plugwire |" in short
    assert short.count("short by 12%") == 1
    assert "met" not in short


def test_what_is_no_ground_for_anything_says_so(results: Results) -> None:
    assert "**This was a quick run**" in page(facts(results, "quick"), {}, "")
    text = page(facts(results, before=BUSY), {}, "")
    assert "**The machine was busy**: its load average was 3.1" in text


def test_what_is_written_by_hand_is_kept(results: Results) -> None:
    first = page(facts(results), {}, by_hand(""))
    assert by_hand(first) == ""
    words = "## Why those fall short\n\nA profile."
    mine = first.replace(BEGIN, f"{BEGIN}\n\n{words}")
    second = page(facts(results), {}, by_hand(mine))
    assert by_hand(second) == words
    assert second.index(words) < second.index("\n## Fan-out\n")


def test_a_page_whose_mark_is_gone_is_not_overwritten() -> None:
    with pytest.raises(ValueError, match="mend it"):
        by_hand(f"{BEGIN}\n\nwords")


def test_charts_are_made(results: Results, tmp_path: Path) -> None:
    if find_spec("matplotlib") is None:  # the group bench brings it
        with pytest.raises(ModuleNotFoundError, match="matplotlib"):
            charts.draw(results, tmp_path)
        return
    made = charts.draw(results, tmp_path)
    assert [path.name for path in made] == ["fanout-1.png", "fanout-1.svg"]
    again = [path.read_bytes() for path in made]
    charts.draw(results, tmp_path)
    assert [path.read_bytes() for path in made] == again
