"""Suites run as their authors run them, against plugins that are broken."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from plugwire.testing import Suite

Verdicts = Mapping[str, str]
"""A check's name -> "passed", "skipped: why" or "failed: why"."""
NUMBERS = itertools.count()
QUIET = ("cacheprovider", "xdist", "asyncio", "timeout", "terminal")


class Recorder:
    """A pytest plugin that remembers how each check ended."""

    def __init__(self) -> None:
        self.verdicts: dict[str, str] = {}
        self.trouble: list[str] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.trouble.append(report.longreprtext)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.nodeid.rpartition("::")[2].partition("[")[0]
        if report.failed:
            self.verdicts[name] = f"failed: {report.longreprtext}"
        elif report.skipped and isinstance(report.longrepr, tuple):
            reason = report.longrepr[2].removeprefix("Skipped: ")
            self.verdicts.setdefault(name, f"skipped: {reason}")
        elif report.when == "call":
            self.verdicts.setdefault(name, "passed")


@pytest.fixture
def verdicts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Verdicts]:
    """Runs a suite for a plugin in a pytest of its own and tells how its
    checks ended: `verdicts(CodecSuite, Broken, only="test_…")`. Other
    arguments are attributes of the author's class."""

    def run(
        suite: type[Suite], plugin: type, *, only: str = "", **own: Any
    ) -> Verdicts:
        case = ModuleType("plugwire_kit_case")
        own = {"plugin": plugin, "__module__": case.__name__, **own}
        case.TestCase = type(  # type: ignore[attr-defined] # made here
            "TestCase", (suite,), own
        )
        monkeypatch.setitem(sys.modules, case.__name__, case)
        # A name of its own, for modules are remembered by theirs.
        file = tmp_path / f"test_case_{next(NUMBERS)}.py"
        file.write_text(f"from {case.__name__} import TestCase\n")
        (tmp_path / "empty.ini").write_text("[pytest]\n")
        recorder = Recorder()
        chosen = f"{file}::TestCase::{only}" if only else str(file)
        pytest.main(
            [
                *(f"-pno:{name}" for name in QUIET),
                "--import-mode=importlib",
                f"-c{tmp_path / 'empty.ini'}",
                f"--basetemp={tmp_path / 'base'}",
                chosen,
            ],
            plugins=[recorder],
        )
        assert not recorder.trouble, recorder.trouble
        assert recorder.verdicts, f"no check was run: {chosen}"
        return recorder.verdicts

    return run


@pytest.fixture
def caught(verdicts: Callable[..., Verdicts]) -> Callable[..., str]:
    """The words with which the check `by` turns a broken plugin down:
    `caught(CodecSuite, Broken, by="test_…")`."""

    def run(suite: type[Suite], plugin: type, *, by: str, **own: Any) -> str:
        verdict = verdicts(suite, plugin, only=by, **own)[by]
        assert verdict.startswith("failed: "), (by, verdict)
        return verdict

    return run
