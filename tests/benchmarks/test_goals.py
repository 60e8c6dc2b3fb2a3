"""Medians, ratios, verdicts, and the report that is made of them."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks import charts, report, table
from benchmarks.goals import GOALS, Goal, judge
from benchmarks.measure import Summary, percentile, ratio
from benchmarks.peers import PEERS
from benchmarks.results import Results, Row
from benchmarks.workloads import named, workloads

WORKLOADS = {workload.name: workload for workload in workloads("full")}
FAST = Goal(
    row="fan-out",
    workload="w",
    figure="rate",
    ours="plugwire",
    theirs=("zmq-ipc", "zmq-tcp"),
    least=1.5,
)


def results(**rates: list[float]) -> Results:
    made = Results()
    made.about["w"] = {
        "about": "a workload",
        "figures": {"rate": "1/s"},
        "larger": ["rate"],
    }
    for name, values in rates.items():
        peer = name.replace("_", "-")
        for turn, value in enumerate(values):
            made.rows.append(Row("w", peer, turn, {"rate": value}))
    return made


@pytest.mark.parametrize("goal", GOALS, ids=lambda goal: goal.row)
def test_each_goal_speaks_of_what_is_measured(goal: Goal) -> None:
    workload = WORKLOADS[goal.workload]
    assert goal.figure in workload.figures
    assert workload.peers([PEERS[goal.ours]])
    theirs = WORKLOADS[goal.their_workload or goal.workload]
    for peer in goal.theirs:
        assert theirs.peers([PEERS[peer]])
    assert (goal.their_figure or goal.figure) in theirs.figures
    assert (goal.least is None) != (goal.most is None)
    larger = goal.figure in workload.larger
    assert larger == (goal.least is not None)


def test_percentile() -> None:
    values = [float(number) for number in range(1, 101)]
    assert percentile(values, 50) == 50
    assert percentile(values, 99) == 99
    assert percentile([7.0], 99) == 7


def test_summary_holds_its_median() -> None:
    found = Summary.of([5.0, 1.0, 3.0, 2.0, 4.0])
    assert (found.middle, found.least, found.most) == (3, 1, 5)
    assert found.least <= found.low <= found.middle <= found.high <= 5
    assert found == Summary.of([5.0, 1.0, 3.0, 2.0, 4.0])


def test_ratio_is_taken_round_by_round() -> None:
    # Everything twice as slow in one round: the ratio does not care.
    found = ratio({0: 10, 1: 5, 2: 10}, {0: 5, 1: 2.5, 3: 1})
    assert found is not None
    assert (found.middle, found.count) == (2, 2)
    assert ratio({0: 1}, {1: 1}) is None


def test_verdict_is_by_the_better_of_theirs() -> None:
    verdict = judge(FAST, results(plugwire=[8], zmq_ipc=[4], zmq_tcp=[5]))
    assert verdict.against == "zmq-tcp"
    assert verdict.reached
    assert verdict.words == "reached"


def test_verdict_says_by_how_much_it_is_short() -> None:
    verdict = judge(FAST, results(plugwire=[6], zmq_ipc=[4], zmq_tcp=[5]))
    assert verdict.reached is False
    assert verdict.words == "short by 20%"


def test_verdict_says_why_nothing_was_measured() -> None:
    made = results(plugwire=[6])
    made.left_out = {"zmq-ipc": "no module zmq"}
    verdict = judge(FAST, made)
    assert verdict.reached is None
    assert verdict.words == (
        "not measured: zmq-ipc is left out: no module zmq"
    )


def test_a_lossy_run_has_no_figure() -> None:
    made = results(plugwire=[6], zmq_ipc=[4])
    made.rows[0].lost = 1
    assert made.summary("w", "plugwire", "rate") is None
    assert "1 lost" in table.everything(made)
    assert judge(FAST, made).words == (
        "not measured: plugwire: messages were lost"
    )


def test_disturbed_rounds_do_not_count_where_others_are_enough() -> None:
    made = results(plugwire=[1, 10, 10, 10])
    made.rows[0].disturbed = True
    assert made.values("w", "plugwire", "rate") == {1: 10, 2: 10, 3: 10}
    made.rows[1].disturbed = True
    assert len(made.values("w", "plugwire", "rate")) == 4


def test_page_has_every_goal_and_who_was_left_out(tmp_path: Path) -> None:
    made = results(plugwire=[8, 9], zmq_ipc=[4, 4])
    made.left_out = {"nats": "no program nats-server"}
    path = tmp_path / "run.json"
    report.write(report.facts(made, "nox -s bench", {"cores": "2"}), path)
    page = report.page(json.loads(path.read_text("utf-8")), "benchmarks")
    for goal in GOALS:
        assert f"| {goal.row} | {goal.ours} |" in page
    assert "nats: no program nats-server" in page
    assert "![a workload](benchmarks/w.svg)" in page
    assert "| plugwire | 8.5 [8..9] | 2 | none |" in page


def test_charts_are_made(tmp_path: Path) -> None:
    if find_spec("matplotlib") is None:  # the group bench brings it
        with pytest.raises(ModuleNotFoundError, match="matplotlib"):
            charts.draw(results(plugwire=[8]), tmp_path)
        return
    made = charts.draw(results(plugwire=[8, 9], zmq_ipc=[4, 4]), tmp_path)
    assert [path.name for path in made] == ["w.png", "w.svg"]
    assert all(path.stat().st_size for path in made)


def test_words_choose_by_their_beginning() -> None:
    names = ["a-1", "a-10", "b"]
    assert named([], names) == names
    assert named(["a-1"], names) == ["a-1", "a-10"]
    assert named(["=a-1", "b"], names) == ["a-1", "b"]
    with pytest.raises(SystemExit, match="'c'"):
        named(["c"], names)
