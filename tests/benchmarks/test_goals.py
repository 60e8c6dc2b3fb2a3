"""Medians, ratios, verdicts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks import table
from benchmarks.goals import GOALS, Goal, judge
from benchmarks.measure import Summary, percentile, ratio
from benchmarks.peers import PEERS
from benchmarks.results import Results, Row
from benchmarks.workloads import named, workloads
from benchmarks.workloads.publishing import Publishing

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


CODECS: dict[tuple[str, str], tuple[float, float, float]] = {
    ("fanout-1", "deliveries"): (1.4, 2.8, 0.85),
    ("fanout-10", "deliveries"): (1.15, 2.2, 0.85),
    ("fanout-100", "deliveries"): (1.15, 2.2, 0.85),
    ("fanout-1000", "deliveries"): (1.15, 2.2, 0.85),
    ("fanout-100", "server_cpu"): (0.6, 0.4, 1.4),
    ("awaited-1", "deliveries"): (1.0, 1.3, 0.85),
    ("awaited-10", "deliveries"): (1.0, 1.3, 0.85),
    ("awaited-100", "deliveries"): (1.0, 1.3, 0.85),
    ("stream", "deliveries"): (1.3, 2.6, 0.85),
    ("bulk-64KiB", "bytes"): (2.5, 0.65, 0.85),
    ("bulk-1MiB", "bytes"): (3.0, 0.65, 0.85),
    ("roundtrip-sync", "p50"): (0.7, 0.7, 1.3),
    ("roundtrip-aio", "p50"): (0.5, 0.5, 1.3),
    ("paced-1000", "p50"): (0.8, 0.7, 1.25),
    ("paced-1000", "p99"): (0.8, 0.7, 1.25),
}
"""What is demanded with `msgpack`, with `msgspec`, and of both against the
limit."""
ALONE: dict[tuple[str, str], list[float]] = {
    ("paced-1000", "server_cpu"): [1.0, 0.75, 0.7],
    ("idle-10000", "memory"): [6.0, 3.0, 6.0, 3.0],
    ("idle-2000", "connects"): [0.7, 0.7],
    ("startup", "first"): [0.95, 1.15, 0.95, 1.15],
    ("cold", "import"): [15.0],
    ("cold", "send"): [1.3],
    ("discovery", "ratio"): [1.3],
    ("fanout-1000", "delivery_cpu"): [1.1],
    ("growth-10000", "delivery_cpu"): [1.1],
    ("growth-10-long", "server_cpu"): [1.1],
    ("sessions-1000", "server_cpu"): [1.1],
    ("stalled-long", "server_cpu"): [1.1],
    ("stalled-long", "memory"): [1.1],
    **{
        (workload, figure): [bound]
        for workload in ("price", "instructions")
        for figure, bound in (
            ("composed", 1.05),
            ("queue", 1.02),
            ("permissions", 1.02),
            ("sessions", 1.02),
            ("extensions", 1.02),
        )
    },
}


def test_every_goal_is_there_and_no_other() -> None:
    found: dict[tuple[str, str], list[float]] = {}
    for goal in GOALS:
        place = goal.workload, goal.figure
        found.setdefault(place, []).append(goal.bound)
    codecs = {
        place: [msgpack, limit, msgspec, limit]
        for place, (msgpack, msgspec, limit) in CODECS.items()
    }
    assert found == codecs | ALONE


def test_each_goal_speaks_of_what_is_measured() -> None:
    for goal in GOALS:
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
    assert verdict.words == "met"


@pytest.mark.parametrize(
    ("ours", "words"),
    [(6, "met"), (8, "met, and the further one"), (7.9, "met")],
)
def test_a_further_goal_is_told(ours: float, words: str) -> None:
    goal = replace(FAST, stretch=2.0)
    assert judge(goal, results(plugwire=[ours], zmq_ipc=[4])).words == words


def test_less_is_better_where_a_most_is_demanded() -> None:
    goal = replace(FAST, least=None, most=0.5)
    made = results(plugwire=[2], zmq_ipc=[5], zmq_tcp=[4])
    verdict = judge(goal, made)
    assert (verdict.against, verdict.words) == ("zmq-tcp", "met")
    made = results(plugwire=[3], zmq_ipc=[5], zmq_tcp=[4])
    assert judge(goal, made).words == "short by 50%"


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


def test_words_choose_by_their_beginning() -> None:
    names = ["a-1", "a-10", "b"]
    assert named([], names) == names
    assert named(["a-1"], names) == ["a-1", "a-10"]
    assert named(["=a-1", "b"], names) == ["a-1", "b"]
    with pytest.raises(SystemExit, match="'c'"):
        named(["c"], names)


def test_a_part_has_every_workload_and_fewer_messages() -> None:
    third = {workload.name: workload for workload in workloads("full", 3)}
    assert third.keys() == WORKLOADS.keys()
    whole, part = WORKLOADS["fanout-10"], third["fanout-10"]
    assert isinstance(whole, Publishing)
    assert isinstance(part, Publishing)
    assert part.count == whole.count // 3
