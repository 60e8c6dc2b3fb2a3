"""Charts of the workloads, PNG and SVG."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.results import Results

OURS, LIMIT, OTHERS = "#1b6ca8", "#9aa5b1", "#d9822b"
FORMATS = ("png", "svg")
DPI = 120
GROWN = {
    "plugwire": OURS,
    "plugwire-msgspec": "#0b3d66",
    "limit-msgpack": LIMIT,
    "limit-msgspec": "#5f6b78",
    "zmq-ipc": OTHERS,
    "zenoh-unix": "#2e8b57",
    "nats": "#b03a2e",
    "redis": "#8e6bbf",
    "websockets": "#b8860b",
    "streams": "#c06c9a",
}
"""Whose growth is drawn: one of each kind can be told apart."""


def draw(results: Results, folder: Path) -> list[Path]:
    """One chart a workload that several peers ran, its first figure, with
    the spread; and how the cost grows with clients. Returns the files."""
    import matplotlib as mpl

    mpl.use("Agg")
    # The same figures give the same file: no random ids, no date in it.
    mpl.rcParams["svg.hashsalt"] = "plugwire"
    mpl.rcParams["svg.fonttype"] = "none"  # text as text: a fifth of the size
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for workload, about in results.about.items():
        if len(results.peers(workload)) > 1:
            made += _bars(results, workload, about, folder)
    return made + _growth(results, folder)


def colour(peer: str) -> str:
    if peer.startswith("plugwire"):
        return OURS
    return LIMIT if peer.startswith("limit") else OTHERS


def _bars(
    results: Results, workload: str, about: dict[str, Any], folder: Path
) -> list[Path]:
    from matplotlib.figure import Figure

    name, unit = next(iter(about["figures"].items()))
    found = {
        peer: summary
        for peer in results.peers(workload)
        if (summary := results.summary(workload, peer, name))
    }
    is_larger = name in about["larger"]
    peers = sorted(
        found, key=lambda peer: found[peer].middle, reverse=not is_larger
    )
    if not peers:
        return []
    figure = Figure(figsize=(7.5, 1.2 + 0.28 * len(peers)))
    axes = figure.subplots()
    middles = [found[peer].middle for peer in peers]
    errors = [
        [found[peer].middle - found[peer].least for peer in peers],
        [found[peer].most - found[peer].middle for peer in peers],
    ]
    axes.barh(
        peers,
        middles,
        xerr=errors,
        color=[colour(peer) for peer in peers],
        error_kw={"linewidth": 0.8, "ecolor": "#444444"},
    )
    better = "more" if is_larger else "less"
    axes.set_xlabel(f"{name} ({unit}); {better} is better")
    axes.set_title(about["about"], fontsize=10)
    axes.tick_params(labelsize=8)
    axes.margins(y=0.01)
    axes.xaxis.set_major_formatter(_grouped)
    axes.spines[["top", "right"]].set_visible(False)
    return _save(figure, folder, workload)


def _grouped(value: float, _: object) -> str:
    """A number at an axis, with its thousands apart."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:g}"


def _growth(results: Results, folder: Path) -> list[Path]:
    """Server CPU a delivery by the number of clients."""
    from matplotlib.figure import Figure

    lines: dict[str, list[tuple[int, float]]] = {}
    for workload in results.about:
        kind, _, count = workload.partition("-")
        if kind not in ("fanout", "growth") or not count.isdigit():
            continue
        for peer in GROWN:
            summary = results.summary(workload, peer, "delivery_cpu")
            if summary:
                point = (int(count), summary.middle)
                lines.setdefault(peer, []).append(point)
    shown = {peer: sorted(found) for peer, found in lines.items()}
    shown = {peer: found for peer, found in shown.items() if len(found) > 1}
    if not shown:
        return []
    figure = Figure(figsize=(7.5, 4.5))
    axes = figure.subplots()
    for peer, points in shown.items():
        clients, costs = zip(*points, strict=True)
        is_ours = peer.startswith("plugwire")
        axes.plot(
            clients,
            costs,
            "-" if is_ours else "--",
            color=GROWN[peer],
            marker="o",
            ms=4,
            lw=2 if is_ours else 1.2,
            label=peer,
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(_grouped)
    axes.set_xlabel("clients")
    axes.set_ylabel("server CPU a delivery (us); less is better")
    axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    axes.spines[["top", "right"]].set_visible(False)
    return _save(figure, folder, "growth")


def _save(figure: Any, folder: Path, name: str) -> list[Path]:
    figure.tight_layout()
    made = []
    for kind in FORMATS:
        path = folder / f"{name}.{kind}"
        metadata = {"Date": None} if kind == "svg" else {}
        figure.savefig(path, dpi=DPI, metadata=metadata)
        made.append(path)
    return made
