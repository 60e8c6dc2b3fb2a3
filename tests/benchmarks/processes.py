"""The processes of a run: started, told, read and ended by the runner."""

from __future__ import annotations

import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks import brokers
from benchmarks.peers import PEERS
from benchmarks.spec import Spec

HERE = Path(__file__).parents[1]
LIMIT = 75.0
"""Seconds that any step of a run may take."""
GOODBYE = 5.0
ENDLESS = {"answer", "greet", "tick", "idle"}
"""Roles that do not listen for their end."""
PAGE = os.sysconf("SC_PAGE_SIZE")


class RunFailed(Exception):
    """A process died, or said nothing in time."""


def environment() -> dict[str, str]:
    """This one's, without what configures plugwire, and without what makes
    each process compile its modules anew."""
    env = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("PLUGWIRE_") and key != "PYTHONDONTWRITEBYTECODE"
    }
    return env | {"PYTHONPATH": str(HERE), "PYTHONHASHSEED": "0"}


def cpu_seconds(pid: int) -> float:
    """CPU time of a process, all its threads, from the kernel's own clock."""
    return time.clock_gettime_ns((~pid << 3) | 2) / 1e9


def resident_bytes(pid: int) -> int:
    """Its resident memory."""
    text = Path(f"/proc/{pid}/statm").read_text("ascii")
    return int(text.split()[1]) * PAGE


class Child:
    """One role in a process of its own."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - see close
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.roles", spec.text()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=environment(),
            cwd=spec.folder,
        )
        assert self.process.stdout is not None
        os.set_blocking(self.process.stdout.fileno(), False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self.process.stdout, selectors.EVENT_READ)
        self._come = b""
        self.is_stopped = False

    @property
    def pid(self) -> int:
        return self.process.pid

    def expect(self, word: str, seconds: float = LIMIT) -> dict[str, Any]:
        """What it says with `word`."""
        end = time.monotonic() + seconds
        while b"\n" not in self._come:
            if not self._selector.select(max(0.0, end - time.monotonic())):
                raise RunFailed(self._failure(f"no {word!r} in {seconds} s"))
            assert self.process.stdout is not None
            part = os.read(self.process.stdout.fileno(), 1 << 20)
            if not part:
                self.process.wait()
                raise RunFailed(self._failure(f"it ended before {word!r}"))
            self._come += part
        line, _, self._come = self._come.partition(b"\n")
        facts: dict[str, Any] = json.loads(line)
        if facts.pop("at") != word:
            raise RunFailed(self._failure(f"{line[:80]!r} for {word!r}"))
        return facts

    def _failure(self, why: str) -> str:
        self._errors.seek(0)
        text = self._errors.read().decode("utf-8", "replace").strip()
        last = text.splitlines()[-1:] or ["nothing on standard error"]
        return f"{self.spec.peer} {self.spec.role}: {why}: {last[0]:.200}"

    def stop(self) -> None:
        """Let it stand still: it reads nothing any more."""
        self.process.send_signal(signal.SIGSTOP)
        self.is_stopped = True

    def tell(self, word: str) -> None:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(word.encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise RunFailed(self._failure("it is gone")) from None

    def let_join(self) -> None:
        """Of one who publishes: everybody has joined when this returns."""
        self.tell("go")
        self.expect("joined")

    def close(self) -> None:
        """End it: kindly, where it listens for that."""
        try:
            if self.spec.role in ENDLESS or self.is_stopped:
                self.process.kill()
            else:
                self.tell("end")
            self.process.wait(GOODBYE)
        except (RunFailed, subprocess.TimeoutExpired):
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            try:
                pipe.close()
            except BrokenPipeError:
                continue  # what it never read
        self._selector.close()
        self._errors.close()


class Cast:
    """The processes of one run, in a folder of their own: a broker where the
    peer has one, then whoever is started. All are ended at the end."""

    def __init__(self, peer: str, core: int | None = None) -> None:
        self.peer = PEERS[peer]
        self.core = core
        self.children: list[Child] = []
        self.broker: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="pw-"))
        self.port = free_port()
        try:
            if self.peer.program:
                self.broker = brokers.start(
                    self.peer.program, self.folder, self.port
                )
                if self.core is not None:
                    _pin(self.broker.pid, self.core)
        except BaseException:
            shutil.rmtree(self.folder)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for child in reversed(self.children):
            child.close()
        if self.broker is not None:
            self.broker.kill()
            self.broker.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def spec(self, role: str, **facts: Any) -> Spec:
        base = Spec(
            role=role,
            peer=self.peer.name,
            folder=str(self.folder),
            port=self.port,
            core=self.core,
        )
        return replace(base, **facts)

    def start(self, role: str, **facts: Any) -> Child:
        """A child in `role`; it may not be ready yet."""
        child = Child(self.spec(role, **facts))
        self.children.append(child)
        return child

    def serving(self, server: Child) -> list[int]:
        """The processes that serve: the server's and the broker's."""
        pids = [server.pid]
        if self.broker is not None:
            pids.append(self.broker.pid)
        return pids


def _pin(pid: int, core: int) -> None:
    for task in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), {core})


def free_port() -> int:
    """A port that nobody has at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


def shares(clients: int) -> list[int]:
    """How many clients each process has: at most two processes."""
    if clients == 1:
        return [1]
    return [clients // 2, clients - clients // 2]


@contextmanager
def cpu_of(pids: list[int]) -> Iterator[list[float]]:
    """The CPU seconds that `pids` take within the block, appended."""
    before = [cpu_seconds(pid) for pid in pids]
    taken: list[float] = []
    yield taken
    taken += [
        cpu_seconds(pid) - was for pid, was in zip(pids, before, strict=True)
    ]
