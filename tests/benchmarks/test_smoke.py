"""Real runs, on a handful of messages: everything is found, checked and
told, and nothing is timed. What pip alone brings takes part here; `nox -s
bench -- --smoke` runs every peer in every workload."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import page, processes, report, runner, table
from benchmarks.goals import GOALS, judge
from benchmarks.peers import PEERS
from benchmarks.record import Fault
from benchmarks.results import Results
from benchmarks.workloads.base import Workload
from benchmarks.workloads.discovery import Discovery
from benchmarks.workloads.idle import Idle
from benchmarks.workloads.publishing import fanout
from benchmarks.workloads.roundtrip import RoundTrip

COUNT = 6
BLOCKING = ("plugwire-sync", "limit-sock-msgspec", "zmq-ipc", "mp-conn")
LOOPING = ("plugwire", "limit-msgpack", "websockets", "streams")


def run(
    workload: Workload, *names: str, fault: Fault | None = None
) -> Results:
    peers = [PEERS[name] for name in names]
    lines: list[str] = []
    results = runner.run([workload], peers, 1, lines.append, fault or Fault())
    assert results.left_out == {}
    assert results.peers(workload.name) == list(names)
    return results


def faults(results: Results, workload: Workload) -> str:
    """What the table says in its last column of the only peer."""
    (cells,) = table.workload_cells(results, workload.name)[1]
    return cells[-1]


def test_peers_run_side_by_side_and_all_of_it_is_shown(
    tmp_path: Path,
) -> None:
    results = Results()
    for workload, names in (
        (fanout(1, COUNT), BLOCKING + LOOPING),
        (RoundTrip(sync=True, pinned=True, count=COUNT), BLOCKING[:3]),
        (Idle("idle-4", 4), LOOPING[:1]),
    ):
        found = run(workload, *names)
        results.rows += found.rows
        results.about |= found.about
        heads, cells = table.workload_cells(results, workload.name)
        for line in cells:
            assert "-" not in line, heads  # each figure was found
            assert line[-1] == "none"
    path = tmp_path / "run.json"
    run_facts = report.facts(results, "nox -s bench", {}, "smoke", 1)
    report.write(run_facts, path)
    read = json.loads(path.read_text("utf-8"))
    again = Results.from_json(read)
    assert again.rows == results.rows
    said = table.everything(again)
    shown = page.page(read, {}, "")
    for name in BLOCKING + LOOPING:
        assert f"\n{name} " in said
        assert f"\n| {name} |" in shown
    measured = [goal for goal in GOALS if judge(goal, again).found]
    assert {goal.workload for goal in measured} == {
        "fanout-1",
        "roundtrip-sync",
    }


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("plugwire", "drop", "2 lost"),
        ("limit-sock-msgpack", "drop", "2 lost"),
        ("limit-sock-msgpack", "swap", "2 out of order"),
        ("limit-sock-msgpack", "repeat", "2 out of order"),
        ("limit-sock-msgpack", "corrupt", "2 wrong"),
    ],
)
def test_what_goes_wrong_is_reported(name: str, kind: str, words: str) -> None:
    workload = fanout(2, COUNT)  # so each fault is seen by two clients
    results = run(workload, name, fault=Fault(kind, 2))
    assert faults(results, workload) == words
    assert results.summary(workload.name, name, "deliveries") is None


def test_a_peer_that_fails_is_in_the_table(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Children do not find the benchmarks any more.
    monkeypatch.setattr(processes, "HERE", tmp_path)
    workload = fanout(1, COUNT)
    said = faults(run(workload, "limit-sock-msgpack"), workload)
    assert said.startswith("FAILED: limit-sock-msgpack publish: ")
    assert "No module named" in said


def test_a_peer_that_is_missing_is_left_out_with_a_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    peer = PEERS["nats"]
    monkeypatch.setattr(type(peer), "needs", ("no_such_module",))
    lines: list[str] = []
    results = runner.run([fanout(1, COUNT)], [peer], 1, lines.append)
    assert results.left_out == {"nats": "no module no_such_module"}
    assert lines == ["nats is left out: no module no_such_module"]
    assert lines[0].partition(" is ")[2].partition(": ")[2] in (
        table.everything(results)
    )


def test_discovery_finds_the_same_as_a_bare_call() -> None:
    workload = Discovery("discovery", 1)
    results = run(workload, "plugwire")
    assert faults(results, workload) == "none"
    summary = results.summary("discovery", "plugwire", "ratio")
    assert summary is not None
    assert summary.middle > 0
