"""Suites run as their authors run them, against plugins that are broken."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from plugwire import plugins
from plugwire.testing import Suite

Verdicts = Mapping[str, str]
"""A check's name -> "passed", "skipped: why" or "failed: why"."""
NUMBERS = itertools.count()
# What the outer pytest does; and each would look through all garbage.
QUIET = ("cacheprovider", "xdist", "asyncio", "timeout", "terminal",
         "unraisableexception", "threadexception")  # fmt: skip


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
        name = f"test_case_{next(NUMBERS)}"
        file = tmp_path / f"{name}.py"
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
        sys.modules.pop(name, None)  # it holds all of that pytest
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


TOY_METADATA = f"""\
Metadata-Version: 2.4
Name: plugwire-toy
Version: 1.0
Summary: A codec that is a toy
License-Expression: MIT
License-File: LICENSE
Requires-Python: >=3.11
Requires-Dist: plugwire<1,>=0.1
Requires-Dist: pytest; extra == "test"
Description-Content-Type: text/markdown

{"It says at some length what it carries and what it refuses. " * 3}
"""
TOY_SOURCE = '''\
from dataclasses import dataclass
from plugwire import hookimpl
from plugwire.testing.companions import LinesDecoder, LinesEncoder

@dataclass(frozen=True, slots=True, kw_only=True)
class ToySettings:
    """The section [plugwire.toy]."""

    level: int = 1

class Toy:
    Settings = ToySettings
    def __init__(self, settings): self.settings = settings
    @hookimpl
    def encode(self): return LinesEncoder(1000)
    @hookimpl
    def decode(self, max_message_bytes):
        return lambda: LinesDecoder(max_message_bytes)
'''
TOY_POINTS = "[plugwire.codecs]\ntoy = plugwire_toy:Toy\n"


@pytest.fixture
def toy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Path]]:
    """Puts the distribution `plugwire-toy` where this process and its
    children look. Of its metadata, entry points and source one text may be
    replaced by another (old, new); `less` names files that it lacks."""

    def put(
        *,
        metadata: tuple[str, str] = ("", ""),
        points: tuple[str, str] = ("", ""),
        source: tuple[str, str] = ("", ""),
        less: Collection[str] = (),
    ) -> Path:
        site = tmp_path / "site"
        assert metadata[0] in TOY_METADATA
        assert points[0] in TOY_POINTS
        assert source[0] in TOY_SOURCE
        info = "plugwire_toy-1.0.dist-info"
        files = {
            f"{info}/METADATA": TOY_METADATA.replace(*metadata, 1),
            f"{info}/entry_points.txt": TOY_POINTS.replace(*points, 1),
            "plugwire_toy/__init__.py": TOY_SOURCE.replace(*source, 1),
            "plugwire_toy/py.typed": "",
        }
        for name, text in files.items():
            if name not in less:
                (site / name).parent.mkdir(parents=True, exist_ok=True)
                (site / name).write_text(text)
        monkeypatch.syspath_prepend(site)
        monkeypatch.setenv("PYTHONPATH", str(site))
        plugins.rescan()
        return site

    yield put
    monkeypatch.undo()
    sys.modules.pop("plugwire_toy", None)
    plugins.rescan()
