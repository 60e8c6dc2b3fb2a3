"""Processes of their own, in a folder of their own, with nothing of this
one's configuration."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from plugwire.testing.companions import Shelf, Welcoming
from plugwire.testing.frames import Frames
from plugwire.testing.packaging import probe
from plugwire.testing.suite import DEADLINE

PROBES = 8
"""Reports that are remembered: a test run has one or two distributions, and
a dozen checks that ask for the same."""
COMPANIONS = {
    "plugwire.codecs": ("kit_codec", Frames),
    "plugwire.queues": ("kit_queue", Shelf),
    "plugwire.permissions": ("kit_gate", Welcoming),
}
"""Group -> name and class of the kit's own plugin of it. The codec is one of
frames: an extension may refuse one of lines."""


class Ended(NamedTuple):
    """How a child ended, and what it said."""

    status: int
    out: str
    err: str


def report(values: Sequence[str]) -> Mapping[str, Any]:
    """What importing the entry points' `values` does: see `probe`. Its
    "said" is what came on standard output and error, its "ended" is "" or
    why there is no more than that."""
    return _report(tuple(values), os.environ.get("PYTHONPATH", ""))


@lru_cache(maxsize=PROBES)
def _report(values: tuple[str, ...], _path: str) -> Mapping[str, Any]:
    with _place() as (folder, environment):
        file = folder / "report.json"
        # Compiled modules are Python's to write, and not looked at.
        command = [sys.executable, "-P", "-B", probe.__file__, str(file)]
        ended = _run(command, folder, environment, json.dumps(values))
        said = {"said": ended.out + ended.err}
        try:
            return {**json.loads(file.read_text("utf-8")), **said, "ended": ""}
        except FileNotFoundError:
            why = f"the importing process ended with {ended.status}"
            return {**said, "ended": f"{why}: {ended.err[-500:]}"}


def command(settings: str, *words: str) -> Ended:
    """`plugwire` with `words`, where `settings` is the settings file and
    what plugwire needs beside the plugin is there: `memory`, and the names
    of `COMPANIONS`."""
    with _place() as (folder, environment):
        accompany(folder)
        path = [str(folder), environment.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, path))
        file = folder / "plugwire.toml"
        place = json.dumps(str(folder))
        file.write_text(f"[plugwire]\nsocket_dir = {place}\n{settings}")
        program = [sys.executable, "-P", "-B", "-m", "plugwire"]
        options = ["--config", str(file)]
        return _run([*program, *words, *options], folder, environment, "")


def accompany(folder: Path) -> None:
    """Install the companions into `folder`, as an installer would."""
    info = folder / "plugwire_testing_companions-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: plugwire-testing-companions\n"
        "Version: 1.0\n"
    )
    (info / "entry_points.txt").write_text(
        "".join(
            f"[{group}]\n{name} = {cls.__module__}:{cls.__name__}\n"
            for group, (name, cls) in COMPANIONS.items()
        )
    )


@contextmanager
def _place() -> Iterator[tuple[Path, dict[str, str]]]:
    """A folder whose path is short enough for sockets, and an environment
    without plugwire's variables, and without those that make Python talk."""
    kept = {"PYTHONPATH", "PYTHONHOME"}
    environment = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("PLUGWIRE_", "PYTHON")) or key in kept
    }
    with tempfile.TemporaryDirectory(prefix="pw-") as name:
        folder = Path(name)
        environment["XDG_RUNTIME_DIR"] = name
        environment["XDG_CONFIG_HOME"] = name
        yield folder, environment


def _run(
    words: Sequence[str], folder: Path, environment: dict[str, str], said: str
) -> Ended:
    try:
        done = subprocess.run(
            words,
            cwd=folder,
            env=environment,
            input=said,
            capture_output=True,
            encoding="utf-8",
            errors="backslashreplace",
            timeout=DEADLINE,
        )
    except subprocess.TimeoutExpired:
        return Ended(-1, "", f"it was not done within {DEADLINE:g} s")
    return Ended(done.returncode, done.stdout, done.stderr)
