"""A run as JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.results import Results


def facts(
    results: Results,
    command: str,
    before: dict[str, str],
    size: str,
    repeats: int,
) -> dict[str, Any]:
    """All that a run is, for JSON; `before` is the machine, with its load
    average before the run."""
    return {
        "when": datetime.now(UTC).strftime("%Y-%m-%d"),
        "command": command,
        "size": size,
        "repeats": repeats,
        "machine": before,
        "versions": machine.versions(),
        **results.to_json(),
    }


def write(run: dict[str, Any], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(run, indent=1) + "\n", "utf-8")
