"""The page that is made from a run's JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.goals import CHAPTERS, Verdict, judge
from benchmarks.results import Results
from benchmarks.table import (
    goal_cells,
    left_out,
    markdown,
    ratio_cells,
    workload_cells,
)

INTRODUCTION = """\
# Benchmarks

plugwire against its peers, in one run: for each workload the peers take
turns, round by round, so that a slow phase of the machine meets all of them.
Server and clients are processes of their own; every client decodes every
message, to an object, and checks its sequence and content. What was lost,
out of order or wrong stands in the last column, and a round in which
anything was has no figure.

**Read the ratios.** They are taken within a round. Absolute figures say more
of the machine than of the library; differences under 15 % are none, and for
large payloads those under 50 % are none. A figure is the median of its
rounds, with the least and the most in brackets. A round is *disturbed* when a
fixed loop, timed before and after it, was slow; where three others are left,
disturbed ones are not counted.

The record is 256 bytes in MessagePack: a name, a time as a number and as
text, a type, eight floats and two integers. `limit-…` is no library: it is
what an expert writes by hand for this one purpose (encoded once, writes
coalesced, chunks decoded whole, each message validated), in asyncio, on
uvloop (`-uv`) and on plain sockets (`-sock`), with either codec. `streams` is
what most write: asyncio's streams, one message at a time. pyzmq (`zmq-…`),
nats-py, redis-py, websockets and zenoh are set up not to drop.
"""
BEGIN = "<!-- By hand: the next run keeps what stands from here on … -->"
END = "<!-- … to here. -->"
BUSY = 0.5
"""The load average before a run from which on the page says so."""


def by_hand(text: str) -> str:
    """What was written by hand into a former page."""
    _, begun, rest = text.partition(BEGIN)
    kept, ended, _ = rest.partition(END)
    if begun and not ended:
        raise ValueError(f"the page has {BEGIN!r}, and no {END!r}: mend it")
    return kept.strip("\n")


def page(run: dict[str, Any], pictures: Mapping[str, str], kept: str) -> str:
    """The page; `pictures` are the paths of charts by their names, and
    `kept` is what stands in it by hand."""
    results = Results.from_json(run)
    judged = {
        chapter: [judge(goal, results) for goal in goals]
        for chapter, goals in CHAPTERS.items()
    }
    parts = [INTRODUCTION, *_run(run, results), *_goals(judged)]
    parts += [BEGIN, *([kept] if kept else []), END]
    for workload in results.about:
        parts += _workload(results, workload, pictures)
    if "growth" in pictures:
        parts += [
            "## How the server's cost grows with its clients",
            f"![server CPU a delivery, by clients]({pictures['growth']})",
        ]
    table = {**run["machine"], **run["versions"]}
    parts += [
        "## Machine and versions",
        markdown(["", ""], [[key, word] for key, word in table.items()]),
    ]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _run(run: dict[str, Any], results: Results) -> Iterator[str]:
    yield "## The run"
    size, repeats = run["size"], run["repeats"]
    yield f"{run['when']}, {repeats} rounds, by\n\n    {run['command']}"
    if size != "full":
        yield (
            f"**This was a {size} run**, with a part of the messages and of "
            "the workloads: it shows that all runs, and its figures are no "
            "ground for anything."
        )
    load = run["machine"].get("load average", "0").split()[0]
    if float(load) > BUSY:
        yield (
            f"**The machine was busy**: its load average was {load} before "
            "the run began. The figures suffer from that."
        )
    disturbed = sum(row.disturbed for row in results.rows)
    yield f"{disturbed} of {len(results.rows)} rounds were disturbed."
    yield left_out(results)


def _goals(judged: Mapping[str, list[Verdict]]) -> Iterator[str]:
    verdicts = [one for some in judged.values() for one in some]
    met = sum(one.reached is True for one in verdicts)
    short = [one for one in verdicts if one.reached is False]
    unknown = len(verdicts) - met - len(short)
    yield "## The goals"
    yield (
        f"**{met} of {len(verdicts)} are met, {len(short)} fall short, "
        f"{unknown} were not measured.** A ratio is to the better of those "
        "it names; *95 %* is the interval that holds its median in 95 of "
        "100 resamplings. In brackets: a further goal, to stretch for."
    )
    for chapter, some in judged.items():
        yield f"### {chapter}"
        yield markdown(*goal_cells(some))
    if short:
        yield "### Those that fall short"
        heads, cells = goal_cells(short)
        yield markdown(heads, cells)


def _workload(
    results: Results, workload: str, pictures: Mapping[str, str]
) -> Iterator[str]:
    about = results.about[workload]["about"]
    yield f"## {about[0].upper()}{about[1:]}"
    if workload in pictures:
        yield f"![{about}]({pictures[workload]})"
    yield markdown(*workload_cells(results, workload))
    if ratios := ratio_cells(results, workload):
        yield markdown(*ratios)
