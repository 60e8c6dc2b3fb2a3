"""Runs of the command: in this process, and as real processes."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

WAIT = 30
"""Seconds after which a process is taken for hanging."""


class Process:
    """A `plugwire` of its own."""

    def __init__(
        self,
        *args: str,
        stdin: object = subprocess.PIPE,
        stdout: object = subprocess.PIPE,
    ) -> None:
        self._popen = subprocess.Popen(
            [sys.executable, "-m", "plugwire", *args],
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
        )

    def write(self, text: str) -> None:
        self._popen.stdin.write(text)
        self._popen.stdin.flush()

    def close_input(self) -> None:
        self._popen.stdin.close()

    def close_output(self) -> None:
        self._popen.stdout.close()

    def line(self) -> str:
        """The next line of standard output."""
        return self._popen.stdout.readline().rstrip("\n")

    def drain(self) -> None:
        """Take standard output to its end."""
        for _ in self._popen.stdout:
            continue

    def error_line(self) -> str:
        """The next line of standard error."""
        return self._popen.stderr.readline().rstrip("\n")

    def until(self, words: str) -> str:
        """The line of standard error that holds `words`."""
        for line in self._popen.stderr:
            if words in line:
                return line.rstrip("\n")
        raise AssertionError(f"it ended without saying {words!r}")

    def mapped(self) -> str:
        """The files that are in its memory: libraries, say."""
        return Path(f"/proc/{self._popen.pid}/maps").read_text()

    def signal(self, number: int) -> None:
        self._popen.send_signal(number)

    def end(self) -> tuple[int, str, str]:
        """Status, and what was left on standard output and error."""
        popen = self._popen
        if popen.stdin is not None and popen.stdin.closed:
            popen.stdin = None
        if popen.stdout is not None and popen.stdout.closed:
            popen.stdout = None
        out, err = popen.communicate(timeout=WAIT)
        return popen.returncode, out or "", err

    def wait(self) -> int:
        return self._popen.wait(WAIT)

    def clean(self) -> None:
        if self._popen.poll() is None:
            self._popen.terminate()
        try:
            self._popen.wait(WAIT)
        finally:
            self._popen.kill()
        for pipe in (
            self._popen.stdin,
            self._popen.stdout,
            self._popen.stderr,
        ):
            if pipe is not None and not pipe.closed:
                try:
                    pipe.close()
                except BrokenPipeError:  # what it never read
                    continue


Start = Callable[..., Process]


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Folders of our own for sockets, settings and work. The first is
    short: a socket's path has 108 bytes."""
    runtime = Path(tempfile.mkdtemp(prefix="pw"))
    for name in [n for n in os.environ if n.startswith("PLUGWIRE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    logger = logging.getLogger("plugwire")
    before, level = list(logger.handlers), logger.level
    yield runtime / "plugwire"
    logger.handlers[:] = before
    logger.setLevel(level)
    shutil.rmtree(runtime)


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts processes, and ends those that are left."""
    # As from a terminal: a test runner in the background ignores SIGINT,
    # and its children would.
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    started = []

    def begin(*args: str, **more: object) -> Process:
        process = Process(*args, **more)
        started.append(process)
        return process

    yield begin
    for process in started:
        process.clean()
    signal.signal(signal.SIGINT, former)


@pytest.fixture
def serving(start: Start) -> Callable[..., Process]:
    """A `plugwire serve load` that accepts already, and says who joins."""

    def begin(*args: str, **more: object) -> Process:
        process = start("serve", "load", "-v", *args, **more)
        process.until("serving load at ")
        return process

    return begin
