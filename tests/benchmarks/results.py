"""What a whole run found: kept by workload, peer and round."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.measure import Summary
from benchmarks.workloads.base import Found

ENOUGH = 3
"""Undisturbed rounds that are enough to leave the others out."""


@dataclass(slots=True)
class Row:
    """One peer in one round of one workload.

    `disturbed`: the machine was slow just before or after. `failure` says
    why there are no figures.
    """

    workload: str
    peer: str
    turn: int
    figures: dict[str, float] = field(default_factory=dict)
    lost: int = 0
    disordered: int = 0
    wrong: int = 0
    disturbed: bool = False
    failure: str = ""

    @classmethod
    def of(cls, workload: str, peer: str, turn: int, found: Found) -> Row:
        return cls(
            workload,
            peer,
            turn,
            found.figures,
            found.lost,
            found.disordered,
            found.wrong,
        )

    @property
    def is_whole(self) -> bool:
        """Whether all came, in order and unchanged."""
        faults = self.lost or self.disordered or self.wrong
        return not faults and not self.failure


class Results:
    """`about` maps a workload to its words and units, `left_out` a peer to
    why it did not run."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.left_out: dict[str, str] = {}
        self.about: dict[str, dict[str, Any]] = {}

    def of(self, workload: str, peer: str) -> list[Row]:
        return [
            row
            for row in self.rows
            if row.workload == workload and row.peer == peer
        ]

    def peers(self, workload: str) -> list[str]:
        """Who ran it, in order."""
        names = (row.peer for row in self.rows if row.workload == workload)
        return list(dict.fromkeys(names))

    def values(
        self, workload: str, peer: str, figure: str
    ) -> dict[int, float]:
        """By round; undisturbed ones only, where they are enough. A run in
        which something was lost has no figure: it did less."""
        rows = [
            row
            for row in self.of(workload, peer)
            if row.is_whole and figure in row.figures
        ]
        calm = [row for row in rows if not row.disturbed]
        if len(calm) >= ENOUGH:
            rows = calm
        return {row.turn: row.figures[figure] for row in rows}

    def summary(self, workload: str, peer: str, figure: str) -> Summary | None:
        values = self.values(workload, peer, figure)
        return Summary.of(list(values.values())) if values else None

    @property
    def faults(self) -> list[Row]:
        """The rows that are not whole."""
        return [row for row in self.rows if not row.is_whole]

    def to_json(self) -> dict[str, Any]:
        return {
            "about": self.about,
            "left_out": self.left_out,
            "rows": [asdict(row) for row in self.rows],
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Results:
        made = cls()
        made.about = values["about"]
        made.left_out = values["left_out"]
        made.rows = [Row(**row) for row in values["rows"]]
        return made
