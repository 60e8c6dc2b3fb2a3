"""The tables, as text for a terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmarks.goals import GOALS, Verdict, judge
from benchmarks.measure import Summary, ratio
from benchmarks.results import Results, Row

Cells = list[list[str]]


def shown(value: float) -> str:
    """Three figures are what a noisy machine is good for; ratios near 1 are
    held to less than that."""
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{float(f'{value:.3g}'):,.0f}"
    if 0.9 < value < 1.1:
        return f"{value:.3f}"
    return f"{value:.3g}"


def spread(summary: Summary) -> str:
    """Median, and from the least to the most."""
    if summary.count == 1:
        return shown(summary.middle)
    return (
        f"{shown(summary.middle)} "
        f"[{shown(summary.least)}..{shown(summary.most)}]"
    )


def faults(rows: Iterable[Row]) -> str:
    """One word for what went wrong in a peer's rounds."""
    rows = list(rows)
    for row in rows:
        if row.failure:
            return f"FAILED: {row.failure}"
    counts = {
        "lost": sum(row.lost for row in rows),
        "out of order": sum(row.disordered for row in rows),
        "wrong": sum(row.wrong for row in rows),
    }
    found = [f"{count} {what}" for what, count in counts.items() if count]
    return ", ".join(found) if found else "none"


def workload_cells(results: Results, workload: str) -> tuple[list[str], Cells]:
    """A workload's table: who, each figure, what was lost. Who was left out
    stands there too, with a word."""
    figures: dict[str, str] = results.about[workload]["figures"]
    heads = ["peer", *(f"{f} ({unit})" for f, unit in figures.items())]
    heads += ["rounds", "faults"]
    cells = []
    for peer in results.peers(workload):
        line = [peer]
        for figure in figures:
            summary = results.summary(workload, peer, figure)
            line.append(spread(summary) if summary else "-")
        rows = results.of(workload, peer)
        disturbed = sum(row.disturbed for row in rows)
        rounds = f"{len(rows)}"
        if disturbed:
            rounds += f" ({disturbed} disturbed)"
        cells.append([*line, rounds, faults(rows)])
    return heads, cells


def ratio_cells(
    results: Results, workload: str
) -> tuple[list[str], Cells] | None:
    """The first figure of each of plugwire's peers as a ratio to the others'
    round by round; None where there is nobody to compare with."""
    figure, larger = _first(results, workload)
    ours, theirs = [], []
    for peer in results.peers(workload):
        if values := results.values(workload, peer, figure):
            side = ours if peer.startswith("plugwire") else theirs
            side.append((peer, values))
    if not ours or not theirs:
        return None
    better = "more" if larger else "less"
    heads = [f"{figure}, {better} is better", *(name for name, _ in ours)]
    cells = []
    for name, other in theirs:
        found = [ratio(mine, other) for _, mine in ours]
        line = [f"{shown(one.middle)} x" if one else "-" for one in found]
        cells.append([f"to {name}", *line])
    return heads, cells


def _first(results: Results, workload: str) -> tuple[str, bool]:
    """The figure that counts most, and whether more of it is better."""
    about = results.about[workload]
    figure = next(iter(about["figures"]))
    return figure, figure in about["larger"]


def goal_cells(verdicts: Sequence[Verdict]) -> tuple[list[str], Cells]:
    """Every goal, what was found, and whether it is met."""
    heads = ["goal", "who", "demanded", "found", "95 %", "verdict"]
    cells = []
    for verdict in verdicts:
        found, goal = verdict.found, verdict.goal
        cells.append(
            [
                goal.row,
                goal.ours,
                goal.words,
                spread(found) if found else "-",
                f"{shown(found.low)}..{shown(found.high)}" if found else "-",
                verdict.words,
            ]
        )
    return heads, cells


def text(heads: list[str], cells: Cells) -> str:
    """For a terminal."""
    lines = [heads, *cells]
    widths = [max(len(line[i]) for line in lines) for i in range(len(heads))]
    rule = ["-" * width for width in widths]
    return "\n".join(
        "  ".join(
            cell.ljust(width) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in (heads, rule, *cells)
    )


def markdown(heads: list[str], cells: Cells) -> str:
    """For a page."""
    rows = [heads, ["---"] * len(heads), *cells]
    clean = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in clean)


def left_out(results: Results) -> str:
    """Who did not run, and why."""
    words = [f"{name}: {why}" for name, why in results.left_out.items()]
    return "Left out: " + ("; ".join(words) or "nobody") + "."


def everything(results: Results) -> str:
    """What a run ends with in the terminal."""
    parts = []
    for workload, about in results.about.items():
        parts += [
            f"{workload}: {about['about']}",
            text(*workload_cells(results, workload)),
            "",
        ]
    verdicts = [judge(goal, results) for goal in GOALS]
    measured = [verdict for verdict in verdicts if verdict.found]
    if measured:
        parts += ["goals", text(*goal_cells(measured)), ""]
    reached = sum(bool(verdict.reached) for verdict in verdicts)
    parts += [
        f"{reached} of {len(verdicts)} goals met, "
        f"{len(verdicts) - len(measured)} not measured.",
        left_out(results),
    ]
    return "\n".join(parts)
