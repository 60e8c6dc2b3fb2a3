"""Fifty plugins that do harm when they are imported, and nobody names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SECONDS = 40.0
MANY = 50
GROUPS = (
    "plugwire.transports",
    "plugwire.codecs",
    "plugwire.queues",
    "plugwire.permissions",
    "plugwire.extensions",
)
HARM = (
    "raise RuntimeError('poison')",
    "raise SystemExit(3)",
    "import os; os._exit(7)",
    "import time; time.sleep(3600)",
    "print('poison' * 1000, flush=True)",
    "import threading, time; "
    "threading.Thread(target=time.sleep, args=(3600,)).start()",
    "raise KeyboardInterrupt",
    "import sys; sys.modules['plugwire'] = None",
    "import no_such_module_anywhere",
    "while True: pass",
)
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def marks(tmp_path: Path) -> Path:
    """A folder in which each of them leaves a file when it is imported."""
    place = tmp_path / "marks"
    place.mkdir()
    return place


@pytest.fixture
def run(tmp_path: Path, marks: Path) -> Run:
    """Runs the command where all of them are installed."""
    site = tmp_path / "site"
    for number in range(MANY):
        info = site / f"poison_{number}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: poison-{number}\nVersion: 1.0\n"
        )
        group = GROUPS[number % len(GROUPS)]
        (info / "entry_points.txt").write_text(
            f"[{group}]\npoison_{number} = poison_mod_{number}:Poison\n"
        )
        mark = marks / str(number)
        (site / f"poison_mod_{number}.py").write_text(
            f"open({str(mark)!r}, 'w').close()\n"
            f"{HARM[number // len(GROUPS) % len(HARM)]}\n"
        )

    def command(*args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "plugwire", *args],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(site)},
            stdin=subprocess.DEVNULL,
            timeout=SECONDS,
        )

    return command


def imported(marks: Path) -> list[str]:
    return sorted(path.name for path in marks.iterdir())


def test_all_are_listed_and_none_is_imported(run: Run, marks: Path) -> None:
    done = run("plugins", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = [p for p in json.loads(done.stdout) if "poison" in p["name"]]
    assert len(found) == MANY
    assert {p["state"] for p in found} == {"available"}
    done = run("plugins")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count(" poison_") == MANY
    assert imported(marks) == []


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0, ("explain",)),
        (0, ("serve", "load")),
        (1, ("listen", "load", "--timeout", "0.1")),
        (1, ("send", "load", "a=1", "--timeout", "0.1")),
        (1, ("ping", "load")),
        (0, ("list",)),
        (0, ("doctor",)),
        (0, ("config", "check")),
        (0, ("config", "show")),
        (0, ("config", "schema")),
        (2, ("serve", "load", "--codec", "poison")),
        (2, ("serve", "load", "--set", "poison_0=5", "--set", "codce=x")),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_no_command_imports_what_nobody_names(
    run: Run, marks: Path, status: int, words: tuple[str, ...]
) -> None:
    done = run(*words)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    assert imported(marks) == []


def test_what_is_named_is_imported_and_no_other(run: Run, marks: Path) -> None:
    done = run("explain", "--codec", "poison_1")
    assert done.returncode == 2
    assert "RuntimeError: poison" in done.stderr
    assert imported(marks) == ["1"]
