"""Every peer and every workload runs, on a handful of messages: nothing is
timed here. Peers that need a server of their own are for `nox -s bench`."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import processes, runner, table
from benchmarks.peers import PEERS
from benchmarks.record import Fault
from benchmarks.results import Results
from benchmarks.workloads import workloads
from benchmarks.workloads.base import Workload
from benchmarks.workloads.publishing import fanout
from benchmarks.workloads.roundtrip import RoundTrip

pytestmark = pytest.mark.timeout(180)  # a wait that is over: 75 s

ALONE = (
    "plugwire",
    "plugwire-tcp",
    "plugwire-sync",
    "limit-msgpack",
    "limit-msgspec-tcp",
    "limit-sock-msgspec",
    "zmq-ipc",
    "zmq-ipc-aio",
    "websockets",
    "mp-conn",
    "streams",
)
"""One of each kind that pip alone brings; `nox -s bench` runs them all."""
OURS = [
    "plugwire",
    "plugwire-sync",
    "plugwire-sessions",
    "plugwire-stalled",
]
COUNT = 6


def run(
    workload: Workload, names: list[str], fault: Fault | None = None
) -> Results:
    lines: list[str] = []
    peers = [PEERS[name] for name in names]
    results = runner.run([workload], peers, 1, lines.append, fault or Fault())
    for name, why in results.left_out.items():
        assert any(name in line and why in line for line in lines)
    return results


def check_whole(results: Results, workload: Workload) -> None:
    """All ran, all came, and the table has a figure in every place."""
    assert [runner.faults(row) for row in results.faults] == []
    for name in results.peers(workload.name):
        _, cells = table.workload_cells(results, workload.name)
        (line,) = (cells for cells in cells if cells[0] == name)
        assert "-" not in line
        assert line[-1] == "none"


@pytest.mark.parametrize("name", ALONE)
def test_each_peer_runs_or_is_left_out_with_a_word(name: str) -> None:
    peer = PEERS[name]
    clients = min(2, peer.most)
    for workload in (
        fanout(clients, COUNT),
        RoundTrip(sync=True, pinned=False, count=COUNT),
        RoundTrip(sync=False, pinned=False, count=COUNT),
    ):
        results = run(workload, [name])
        if why := peer.missing():
            assert results.left_out == {name: why}
            assert f"{name}: {why}" in table.everything(results)
            continue
        takes_part = bool(workload.peers([peer]))
        assert results.peers(workload.name) == [name] * takes_part
        check_whole(results, workload)


@pytest.mark.parametrize("name", [w.name for w in workloads("smoke")])
def test_each_workload_runs(name: str) -> None:
    (workload,) = (w for w in workloads("smoke") if w.name == name)
    results = run(workload, OURS)
    assert results.peers(name)
    check_whole(results, workload)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("drop", "2 lost"),
        ("repeat", "2 out of order"),
        ("corrupt", "2 wrong"),
    ],
)
@pytest.mark.parametrize("name", ["limit-sock-msgpack", "plugwire"])
def test_what_goes_wrong_is_reported(name: str, kind: str, words: str) -> None:
    workload = fanout(2, COUNT)  # so each fault is seen by two clients
    results = run(workload, [name], Fault(kind, 2))
    ((*_, faults),) = table.workload_cells(results, workload.name)[1]
    assert faults == words
    assert results.summary(workload.name, name, "deliveries") is None


def test_a_peer_that_fails_is_in_the_table(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Children do not find the benchmarks any more.
    monkeypatch.setattr(processes, "HERE", tmp_path)
    workload = fanout(1, COUNT)
    results = run(workload, ["limit-sock-msgpack"])
    ((*_, faults),) = table.workload_cells(results, workload.name)[1]
    assert faults.startswith("FAILED: limit-sock-msgpack publish: ")
    assert "No module named" in faults
