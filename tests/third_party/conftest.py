"""Distributions of others, built as wheels and installed beside plugwire.

The projects are in tests/fixtures/third_party. Nothing of them is imported
here: what uses them are child processes that find the wheel's files on
their path, as they would after `pip install`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest

PROJECTS = Path(__file__).parents[1] / "fixtures" / "third_party"
SECONDS = 50.0  # for a program that takes a few, on a machine that is busy
CONFORM_SECONDS = 300.0  # for some hundred checks, which take ten

Environment = dict[str, str]
Outcomes = Mapping[str, str]
"""A check's name -> "passed" or "skipped: why"."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A whole suite in a child may take longer than a test."""
    for item in items:
        if "conform" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.timeout(CONFORM_SECONDS + SECONDS))


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Builds the wheel of a project, offline, once a session."""
    built: dict[str, Path] = {}

    def build(project: str) -> Path:
        if project not in built:
            out = tmp_path_factory.mktemp(project)
            source = out / "source"  # what a build leaves is not left there
            unwanted = shutil.ignore_patterns("__pycache__")
            shutil.copytree(PROJECTS / project, source, ignore=unwanted)
            command = ("hatchling", "build", "-t", "wheel", "-d", str(out))
            _finish([sys.executable, "-m", *command], source, dict(os.environ))
            [built[project]] = out.glob("*.whl")
        return built[project]

    return build


@pytest.fixture
def place() -> Iterator[Path]:
    """A private folder, its path short enough for a Unix socket."""
    with tempfile.TemporaryDirectory(prefix="pw-") as folder:
        yield Path(folder)


@pytest.fixture
def install(
    wheel: Callable[[str], Path], place: Path
) -> Callable[..., Environment]:
    """Installs projects into a folder of this test's: `install("cbor")`.

    The answer is the environment of a process that has them, with its files
    in `place` and no setting; a test may add `PLUGWIRE_…` to it.
    """

    def put(*projects: str) -> Environment:
        site = place / "site"
        for project in projects:
            # All that an installer does with files of Python alone.
            with ZipFile(wheel(project)) as files:
                files.extractall(site)
        inherited = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("PLUGWIRE_", "PYTEST_"))
        }
        folders = ("HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME")
        return (
            inherited
            | dict.fromkeys(folders, str(place))
            | {"PYTHONPATH": str(site)}
        )

    return put


@pytest.fixture
def run(place: Path) -> Callable[..., str]:
    """Runs Python to its end in `place`, warnings being errors, and gives
    what it said on standard output: `run(env, "-m", "plugwire", "plugins")`.
    Any other exit status and anything on standard error fails."""

    def run_python(env: Environment, *arguments: object) -> str:
        command = [sys.executable, "-W", "error", *map(str, arguments)]
        done = _finish(command, place, env)
        assert done.stderr == ""
        return done.stdout

    return run_python


@pytest.fixture
def conform(place: Path) -> Callable[[Environment, str], Outcomes]:
    """Runs the tests that a project brings, from a folder without its
    source, with pytest and no plugin of pytest's, and tells how each ended:
    `conform(env, "cbor")`. One that fails, fails here in its own words."""

    def run_pytest(env: Environment, project: str) -> Outcomes:
        tests = place / "tests"
        tests.mkdir()
        for file in (PROJECTS / project).glob("test_*.py"):
            shutil.copy(file, tests)
        (tests / "pytest.ini").write_text(
            "[pytest]\nfilterwarnings = error\naddopts = -p no:cacheprovider\n"
        )
        report = place / "report.xml"
        command = [sys.executable, "-m", "pytest", str(tests)]
        env = env | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        command.append(f"--junit-xml={report}")
        _finish(command, place, env, CONFORM_SECONDS)
        cases = ElementTree.parse(report).iter("testcase")
        return {case.attrib["name"]: _ended(case) for case in cases}

    return run_pytest


def _ended(case: ElementTree.Element) -> str:
    skipped = case.find("skipped")
    if skipped is None:
        return "passed"
    return f"skipped: {skipped.attrib['message']}"


def _finish(
    command: list[str],
    folder: Path,
    env: Environment,
    seconds: float = SECONDS,
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        command,
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=seconds,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done
