"""The command: `python -m benchmarks`, or `nox -s bench --`."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from pathlib import Path
from typing import Any

from benchmarks import (
    charts,
    machine,
    page,
    peers,
    report,
    runner,
    table,
    workloads,
)
from benchmarks.peers.base import Peer
from benchmarks.record import Fault
from benchmarks.results import Results

REPEATS = {"full": 5, "quick": 3, "smoke": 1}
FAULTS = ("drop", "swap", "repeat", "corrupt")
CHARTS = Path("pictures/benchmarks")
"""The folder of the charts, from the page's."""


def words(text: str) -> list[str]:
    return [word for word in text.split(",") if word]


def chosen_peers(given: list[str]) -> list[Peer]:
    """By their names; pyzmq's is `zmq` here."""
    starts = ["zmq" if word == "pyzmq" else word for word in given]
    names = workloads.named(starts, list(peers.PEERS))
    return [peers.PEERS[name] for name in names]


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="benchmarks",
        description="plugwire against its peers, side by side",
    )
    parser.add_argument(
        "--only",
        type=words,
        default=[],
        metavar="WORDS",
        help="workloads whose names begin so, or "
        + ", ".join(workloads.GROUPS),
    )
    parser.add_argument(
        "--peers",
        type=words,
        default=[],
        metavar="WORDS",
        help="peers whose names begin so; `=name` is that one alone",
    )
    parser.add_argument("--repeats", type=int, metavar="N")
    parser.add_argument(
        "--quick", action="store_true", help="a quarter of the messages"
    )
    parser.add_argument(
        "--smoke", action="store_true", help="does everything run? seconds"
    )
    parser.add_argument(
        "--part",
        type=int,
        default=0,
        metavar="N",
        help="one in N of the messages, and every workload all the same",
    )
    parser.add_argument("--list", action="store_true", help="what there is")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument(
        "--page",
        type=Path,
        metavar="FILE",
        help="write the page and, beside it, its charts",
    )
    parser.add_argument(
        "--from",
        dest="former",
        type=Path,
        metavar="FILE",
        help="a former run's JSON in place of a new run",
    )
    parser.add_argument(
        "--fault",
        choices=FAULTS,
        default="",
        help="do this to one message on purpose: the checks must say so",
    )
    return parser


def show() -> None:
    """What there is to run."""
    there = list(peers.PEERS.values())
    for workload in workloads.workloads():
        names = [peer.name for peer in workload.peers(there)]
        print(f"{workload.name}: {workload.about}\n    {' '.join(names)}")


def write_page(path: Path, run: dict[str, Any], results: Results) -> None:
    """The page and its charts; what was written into it by hand stays."""
    former = path.read_text("utf-8") if path.exists() else ""
    made = charts.draw(results, path.parent / CHARTS)
    pictures = {
        chart.stem: (CHARTS / chart.name).as_posix()
        for chart in made
        if chart.suffix == ".svg"
    }
    text = page.page(run, pictures, page.by_hand(former))
    path.write_text(text, "utf-8")


def main() -> int:
    """0 where all ran and nothing was lost, else 1."""
    args = arguments().parse_args()
    if args.list:
        show()
        return 0
    if args.former:
        run = json.loads(args.former.read_text("utf-8"))
        results = Results.from_json(run)
    else:
        size = "quick" if args.quick else "full"
        size = "smoke" if args.smoke else size
        before = machine.machine()
        repeats = args.repeats or REPEATS[size]
        results = runner.run(
            workloads.chosen(args.only, size, args.part),
            chosen_peers(args.peers),
            repeats,
            lambda line: print(line, file=sys.stderr, flush=True),
            Fault(args.fault, 2) if args.fault else Fault(),
        )
        given = shlex.join(["nox", "-s", "bench", "--", *sys.argv[1:]])
        run = report.facts(results, given, before, size, repeats)
    print(table.everything(results))
    if args.json:
        report.write(run, args.json)
    if args.page:
        write_page(args.page, run, results)
    return 1 if results.faults else 0


if __name__ == "__main__":
    sys.exit(main())
