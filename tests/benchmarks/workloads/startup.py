"""A fresh process: import, spawn to first message, the cold command."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from benchmarks.peers import PEERS
from benchmarks.peers.base import Peer
from benchmarks.processes import LIMIT, Cast, RunFailed, environment
from benchmarks.record import EVENT, Fault
from benchmarks.workloads.base import NO_FAULT, Found, Workload

PRELUDE = """\
import time
def done(data):
    print(time.monotonic_ns(), data["seq"] >= 0 and data["load"] >= 0)
"""


def middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def spawned(command: list[str], folder: Path) -> tuple[float, str]:
    """Milliseconds from spawn to exit, and what it printed. plugwire finds
    its place in the environment; nothing else is configured."""
    env = environment() | {"XDG_RUNTIME_DIR": str(folder)}
    began = time.monotonic()
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=LIMIT,
        env=env, check=False,
    )  # fmt: skip
    taken = (time.monotonic() - began) * 1e3
    if ended.returncode:
        lines = ended.stderr.strip().splitlines() or ["no words"]
        raise RunFailed(f"{command[:3]}: {lines[-1]:.200}")
    return taken, ended.stdout


class Spawning(Workload):
    """A run is `processes` of them; its figures are their medians."""

    def __init__(self, name: str, processes: int) -> None:
        super().__init__(name)
        self.processes = processes


class Startup(Spawning):
    """From spawn to the first message decoded."""

    kind = "startup"
    figures: Mapping[str, str] = MappingProxyType({"first": "ms"})
    about = "a fresh process: from spawn to its first message"

    def run(self, peer: str, fault: Fault = NO_FAULT) -> Found:
        times: list[float] = []
        with Cast(peer) as cast:
            chosen = PEERS[peer]
            role = "greet" if chosen.greets else "tick"
            # The blocking server is asyncio's where that is the answerer.
            server = cast.start(
                role, peer=chosen.answerer, pattern="greet", everybody=10
            )
            server.expect("ready")
            program = chosen.first_message(cast.spec("receive"))
            assert program is not None
            for _ in range(self.processes):
                began = time.monotonic_ns()
                _, printed = spawned(
                    [sys.executable, "-c", PRELUDE + program], cast.folder
                )
                moment, right = printed.split()
                if right != "True":
                    return Found({}, wrong=1)
                times.append((int(moment) - began) / 1e6)
        return Found({"first": middle(times)})

    def peers(self, peers: list[Peer]) -> list[Peer]:
        return [
            peer
            for peer in super().peers(peers)
            if type(peer).first_message is not Peer.first_message
        ]


class Cold(Spawning):
    """What a user waits for: the bare interpreter, `import plugwire`, and
    `plugwire send` against a blocking client that sends one message."""

    kind = "cold"
    about = "cold start, from spawn to exit"
    figures: Mapping[str, str] = MappingProxyType(
        {
            "bare": "ms",
            "import": "ms over bare",
            "send": "ms",
            "client": "ms",
        }
    )

    def peers(self, peers: list[Peer]) -> list[Peer]:
        return [peer for peer in peers if peer.name == "plugwire"]

    def run(self, peer: str, fault: Fault = NO_FAULT) -> Found:
        times: dict[str, list[float]] = {word: [] for word in self.figures}
        with Cast(peer) as cast:
            server = cast.start("answer")
            server.expect("ready")
            client = (
                "from plugwire.sync import Client\n"
                f"with Client({EVENT!r}, receive=False) as client:\n"
                "    client.send({'load': 0.5})\n"
            )
            command = str(Path(sys.executable).with_name("plugwire"))
            if shutil.which(command) is None:
                raise RunFailed(f"no {command}")
            commands = {
                "bare": [sys.executable, "-c", "pass"],
                "import": [sys.executable, "-c", "import plugwire"],
                "send": [command, "send", EVENT, "load=0.5"],
                "client": [sys.executable, "-c", client],
            }  # fmt: skip
            for _ in range(self.processes):
                for word, words in commands.items():
                    times[word].append(spawned(words, cast.folder)[0])
        figures = {word: middle(found) for word, found in times.items()}
        figures["import"] -= figures["bare"]
        return Found(figures)
