"""docs/guide.md: its programs run and its files are ones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from plugwire import Server
from plugwire.settings import Lag

PAGE = "docs/guide.md"
TEXT = (Path(__file__).parents[2] / PAGE).read_text("utf-8")


@pytest.fixture
def files(page, place: Path) -> Path:
    """The page's named blocks, as files in one folder."""
    for block in page(PAGE):
        if block.name is not None:
            (place / block.name).write_text(block.text)
    return place


def test_server_and_client_are_two_programs(
    files: Path, run, environment: dict[str, str]
) -> None:
    client = subprocess.Popen(
        [sys.executable, "-W", "error", "client.py"],
        cwd=files,
        env={**environment, "PLUGWIRE_DEFAULT_TIMEOUT": "30"},
        stdout=subprocess.PIPE,
        text=True,
    )
    # Whichever comes first: the client tries, the queue keeps, the server
    # stays until somebody came.
    assert run("server.py") == ""
    said, _ = client.communicate(timeout=30)
    assert (client.returncode, said) == (0, "0\n1\n2\n")


def test_a_thread_broadcasts(files: Path, run) -> None:
    assert run("threads.py") == "{'degrees': 21.5}\n"


def test_uvloop_runs_both(files: Path, run) -> None:
    assert run("fast.py") == "{'load': 0.5}\n"


def test_a_bad_line_is_survived(files: Path, run) -> None:
    assert run("bad_line.py") == "{'n': 1}\nmissed 0\n"


def test_an_application_is_tested_with_the_fixtures(files: Path, run) -> None:
    plain = ["-p", "no:cacheprovider", "-p", "no:asyncio"]
    said = run("-m", "pytest", "-q", *plain, files)
    assert "1 passed" in said


def test_the_doors_shown_are_three(files: Path) -> None:
    server = Server("load", settings=files / "doors.toml")
    doors = server._pipeline.doors
    assert [(d.door, d.codec, d.plain) for d in doors] == [
        ("main", "msgpack", False),
        ("remote", "json", False),
        ("readers", "json", True),
    ]


def test_every_lag_policy_is_told() -> None:
    for lag in Lag:
        assert f"| `{lag.value}` |" in TEXT
