"""Terminals with the multiplexer on them, real ones; we are the people."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[3]
MUX = ROOT / "docs" / "examples" / "multiplexer" / "mux.py"
SECONDS = 20.0
RESET = b"\x1bc"  # comes before each screen


class Terminal:
    """A pseudo-terminal with `mux.py attach` on it; we are its person."""

    def __init__(self, environment: dict[str, str], *command: str) -> None:
        self.ours, self.theirs = os.openpty()
        termios.tcsetwinsize(self.theirs, (24, 80))
        self.before = self.modes
        self.said = bytearray()
        self.process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            stdin=self.theirs,
            stdout=self.theirs,
            stderr=self.theirs,
            env=environment,
            start_new_session=True,
        )

    @property
    def modes(self) -> list[object]:
        return termios.tcgetattr(self.theirs)

    def type(self, keys: bytes) -> None:
        while keys:
            keys = keys[os.write(self.ours, keys) :]

    def until(self, text: bytes) -> bytes:
        """What it showed up to `text`, which is forgotten then."""
        deadline = time.monotonic() + SECONDS
        seen = 0  # where `text` does not begin
        while (found := self.said.find(text, seen)) < 0:
            seen = max(len(self.said) - len(text), 0)
            left = deadline - time.monotonic()
            ready, _, _ = select.select([self.ours], [], [], max(left, 0))
            assert ready, f"no {text!r} after {bytes(self.said[-2000:])!r}"
            self.said += os.read(self.ours, 65536)
        shown = bytes(self.said[: found + len(text)])
        del self.said[: len(shown)]
        return shown

    def show(self, size: int) -> bytes:
        """What it shows, so many bytes at least, up to the end of a line."""
        shown = self.until(b"\n")
        while len(shown) < size:
            rest = bytes(self.said)
            self.said.clear()
            shown += rest + self.until(b"\n")
        return shown

    def run(self, command: bytes) -> bytes:
        """The output of a command that ends."""
        # Quoted, so that it is not found where it is typed.
        self.type(command + b"; echo 'the'end\n")
        return self.until(b"theend\r\n")

    def ended(self) -> int:
        return self.process.wait(SECONDS)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.ours)
        os.close(self.theirs)


@pytest.fixture
def shell_environment(environment: dict[str, str]) -> dict[str, str]:
    """What is typed is read by `sh`, whatever the user's shell is."""
    for name in ("ENV", "BASH_ENV"):
        environment.pop(name, None)
    return environment | {"SHELL": "/bin/sh", "PS1": "$ "}


@pytest.fixture
def mux(shell_environment: dict[str, str]):
    """Runs a command of `mux.py` that ends."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(MUX), *arguments],
            env=shell_environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=2 * SECONDS,
        )

    return run


def serving(place: Path) -> list[psutil.Process]:
    """Those that run and serve in `place`."""
    found: dict[int, psutil.Process] = {}
    forked = []
    for process in psutil.process_iter():
        try:
            if (
                process.cmdline()[-1:] == ["serve"]
                and process.environ().get("XDG_RUNTIME_DIR") == str(place)
                and process.status() != psutil.STATUS_ZOMBIE
            ):
                found[process.pid] = process
                if process.ppid() in found:  # it is about to be a shell
                    forked.append(process.pid)
        except psutil.Error:
            continue
    return [found[pid] for pid in found.keys() - forked]


@pytest.fixture
def servers(place: Path) -> Callable[[], list[psutil.Process]]:
    """Gives the servers that run in the test's place."""
    return lambda: serving(place)


@pytest.fixture
def serve(
    shell_environment: dict[str, str],
    place: Path,
    ended: Callable[[Iterable[psutil.Process]], bool],
) -> Iterator[Callable[[], psutil.Process]]:
    """Starts the server; ends it and its shells, and any that a terminal
    has started."""

    def start() -> psutil.Process:
        process = subprocess.Popen(
            [sys.executable, str(MUX), "serve"],
            env=shell_environment,
            stdout=subprocess.PIPE,
        )
        begun.append(process)
        assert process.stdout is not None
        with process.stdout:
            assert process.stdout.readline() == b"serving\n"
        return psutil.Process(process.pid)

    begun: list[subprocess.Popen[bytes]] = []
    yield start
    left = serving(place)
    for server in left:
        left = [*left, *server.children(recursive=True)]
        server.kill()
    for process in begun:
        process.kill()
        process.wait()
    if not ended(left):
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.kill()


@pytest.fixture
def server(serve: Callable[[], psutil.Process]) -> psutil.Process:
    return serve()


@pytest.fixture
def open_terminal(
    shell_environment: dict[str, str],
) -> Iterator[Callable[..., Terminal]]:
    """Gives a terminal that runs a Python program with arguments."""
    begun = []

    def start(*command: str) -> Terminal:
        begun.append(terminal := Terminal(shell_environment, *command))
        return terminal

    yield start
    for terminal in begun:
        terminal.close()


@pytest.fixture
def attach(open_terminal: Callable[..., Terminal]) -> Callable[..., Terminal]:
    """Gives a terminal that is attached: it shows the screen."""

    def start(name: str = "work") -> Terminal:
        terminal = open_terminal(str(MUX), "attach", name)
        terminal.until(RESET)
        return terminal

    return start
