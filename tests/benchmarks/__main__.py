"""The command: `python -m benchmarks`, or `nox -s bench --`."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from pathlib import Path

from benchmarks import charts, machine, peers, report, runner, table, workloads
from benchmarks.peers.base import Peer
from benchmarks.record import Fault
from benchmarks.results import Results

REPEATS = {"full": 5, "quick": 3, "smoke": 1}
FAULTS = ("drop", "repeat", "corrupt")
CHARTS = "benchmarks"
"""The folder of the charts, beside the page."""


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
        results = runner.run(
            workloads.chosen(args.only, size),
            chosen_peers(args.peers),
            args.repeats or REPEATS[size],
            lambda line: print(line, file=sys.stderr, flush=True),
            Fault(args.fault, 2) if args.fault else Fault(),
        )
        given = shlex.join(["nox", "-s", "bench", "--", *sys.argv[1:]])
        run = report.facts(results, given, before)
    print(table.everything(results))
    if args.json:
        report.write(run, args.json)
    if args.page:
        args.page.parent.mkdir(parents=True, exist_ok=True)
        charts.draw(results, args.page.parent / CHARTS)
        args.page.write_text(report.page(run, CHARTS), "utf-8")
    return 1 if results.faults else 0


if __name__ == "__main__":
    sys.exit(main())
