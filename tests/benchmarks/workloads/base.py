"""What a workload is, and what one run of it finds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.peers.base import Peer
from benchmarks.record import Fault

NO_FAULT = Fault()


@dataclass(slots=True)
class Found:
    """One run: figures by name, and what the receivers found wrong."""

    figures: dict[str, float]
    lost: int = 0
    disordered: int = 0
    wrong: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return not (self.lost or self.disordered or self.wrong)


class Workload(ABC):
    """`kind` is the word in a peer's `can`, `about` what the tables say.

    `figures` maps each figure's name to its unit; the first one is the
    chart's. A figure is better when larger if it is named in `larger`.
    `rounds` bounds the repeats of what does not vary.
    """

    kind: str
    about: str
    figures: Mapping[str, str]
    larger: frozenset[str] = frozenset()
    clients = 1
    rounds = 1000

    def __init__(self, name: str) -> None:
        self.name = name

    def peers(self, peers: list[Peer]) -> list[Peer]:
        """Those of `peers` that take part."""
        return [
            peer
            for peer in peers
            if self.kind in peer.can and peer.most >= self.clients
        ]

    @abstractmethod
    def run(self, peer: str, fault: Fault = NO_FAULT) -> Found:
        """One run of one peer, everything started and ended in it."""
