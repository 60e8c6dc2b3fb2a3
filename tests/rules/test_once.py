"""What CI runs on one Python alone leaves no scenario and no world out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCENARIOS = "tests/scenarios"


def collected(*words: str) -> set[tuple[str, str]]:
    """Each test's function and parameters."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-n0"]
    done = subprocess.run(
        [*command, "-pno:cacheprovider", *words, SCENARIOS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    nodes = [line for line in done.stdout.splitlines() if "::" in line]
    return {
        (name, rest) for name, _, rest in (n.partition("[") for n in nodes)
    }


@pytest.mark.timeout(240)
def test_every_scenario_and_every_world_is_met_on_each_python() -> None:
    whole, part = collected(), collected("-m", "not once")
    assert part < whole
    assert {name for name, _ in part} == {name for name, _ in whole}
    for face in ("asyncio", "threads"):
        for way in (
            "unix-msgpack",
            "unix-json",
            "unix-msgspec",
            "tcp-msgpack",
            "tcp-json",
            "memory-msgpack",
            "memory-json",
        ):
            met = [name for name, rest in part if face in rest and way in rest]
            assert met, f"no scenario meets {way} on {face}"
