"""What the tests of the documentation share: a place of their own, the
programs as real processes, and the code blocks of a page."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

ROOT = Path(__file__).parents[2]
SECONDS = 40.0  # for a program that takes one, on a machine that is busy
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_NAME = re.compile(r"\A# (\S+\.\w+)\n")


@pytest.fixture
def place() -> Iterator[Path]:
    """A private folder, its path short enough for a Unix socket."""
    with tempfile.TemporaryDirectory(prefix="pw-", dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture
def environment(place: Path) -> dict[str, str]:
    """This process's, with the sockets in `place` and no setting. (None of
    plugwire's own variables: reading them costs each process 0.2 s.)"""
    inherited = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("PLUGWIRE_")
    }
    folders = ("XDG_RUNTIME_DIR", "XDG_CONFIG_HOME")
    return inherited | dict.fromkeys(folders, str(place))


def _ended(processes: Iterable[psutil.Process]) -> bool:
    """Whether each ends within `SECONDS`. It may be a zombie then: whoever
    inherits the orphans may take seconds to read how they ended."""
    deadline = time.monotonic() + SECONDS
    for process in processes:
        try:
            handle = os.pidfd_open(process.pid)
        except ProcessLookupError:
            continue
        try:
            if process.is_running():  # and is no other of the same number
                left = max(deadline - time.monotonic(), 0)
                if not select.select([handle], [], [], left)[0]:
                    return False
        finally:
            os.close(handle)
    return True


@pytest.fixture
def ended() -> Callable[[Iterable[psutil.Process]], bool]:
    """Waits for processes that need not be children of this one."""
    return _ended


@pytest.fixture
def run(place: Path, environment: dict[str, str]):
    """Runs a Python program to its end, warnings being errors, and gives
    what it said on standard output; anything on standard error fails."""

    def run_program(*arguments: object) -> str:
        done = subprocess.run(
            [sys.executable, "-W", "error", *map(str, arguments)],
            cwd=place,
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return run_program


def code_blocks(page: Path) -> list[SimpleNamespace]:
    """The fenced blocks of a page: `language`, `text`, and `name` where the
    first line is `# name.ext`."""
    blocks = []
    for language, text in _BLOCK.findall(page.read_text("utf-8")):
        named = _NAME.match(text)
        blocks.append(
            SimpleNamespace(
                language=language,
                text=text,
                name=named[1] if named else None,
            )
        )
    return blocks


@pytest.fixture
def page():
    """Gives the code blocks of a page of the project, by its path there."""
    return lambda name: code_blocks(ROOT / name)
