"""A run as JSON, and the page that is made from it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.goals import GOALS, judge
from benchmarks.results import Results
from benchmarks.table import goal_cells, left_out, markdown, workload_cells

INTRODUCTION = """\
# Benchmarks

plugwire against its peers, in one run: for each workload the peers take
turns, round by round. Server and clients are processes of their own; every
client decodes every message and checks its sequence and content. **Read the
ratios.** Absolute figures say more of the machine; differences under 15 %
are none, and for large payloads those under 50 %.

`limit-…` is no library: it is what an expert writes by hand for this one
purpose (encoded once, writes coalesced, chunks decoded whole, each message
validated), in asyncio, on uvloop (`-uv`) and on plain sockets (`-sock`).
pyzmq, nats-py, redis-py, websockets and zenoh are set up not to drop.
A figure is the median of its rounds, with the least and the most; the last
column says what was lost, out of order or wrong. A round is disturbed when
a fixed loop, timed before and after it, was slow; where enough others are,
disturbed ones are not counted.
"""


def facts(
    results: Results, command: str, before: dict[str, str]
) -> dict[str, Any]:
    """All that a run is, for JSON; `before` is the machine, with its load
    average before the run."""
    return {
        "when": datetime.now(UTC).strftime("%Y-%m-%d"),
        "command": command,
        "machine": before,
        "versions": machine.versions(),
        **results.to_json(),
    }


def page(run: dict[str, Any], charts: str) -> str:
    """The page, from a run's JSON; `charts` is their folder, from it."""
    results = Results.from_json(run)
    verdicts = [judge(goal, results) for goal in GOALS]
    reached = sum(bool(verdict.reached) for verdict in verdicts)
    parts = [
        INTRODUCTION,
        "## The run\n",
        f"{run['when']}, by `{run['command']}`.\n",
        markdown(
            ["", ""],
            [[k, v] for k, v in {**run["machine"], **run["versions"]}.items()],
        ),
        f"\n{left_out(results)}\n",
        "## The goals\n",
        f"{reached} of {len(verdicts)} are reached. A ratio is taken round "
        "by round, to the better of those it names.\n",
        markdown(*goal_cells(verdicts)),
    ]
    for workload, about in results.about.items():
        heading = about["about"]
        parts.append(f"\n## {heading[0].upper()}{heading[1:]}\n")
        if charts and len(results.peers(workload)) > 1:
            parts.append(f"![{heading}]({charts}/{workload}.svg)\n")
        parts.append(markdown(*workload_cells(results, workload)))
    if charts and "fanout-10" in results.about:
        parts.append("\n## How the server's cost grows with its clients\n")
        parts.append(f"![server CPU a delivery]({charts}/growth.svg)")
    return "\n".join(parts) + "\n"


def write(run: dict[str, Any], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(run, indent=1) + "\n", "utf-8")
