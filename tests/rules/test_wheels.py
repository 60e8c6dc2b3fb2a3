"""The check of built distributions finds what it is for."""

from __future__ import annotations

import io
import runpy
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

CHECK = runpy.run_path(str(Path(__file__).with_name("wheels.py")))
wheel_problems: Callable[[Path], list[str]] = CHECK["wheel_problems"]
sdist_problems: Callable[[Path], list[str]] = CHECK["sdist_problems"]
import_problems: Callable[[str, str], list[str]] = CHECK["import_problems"]
check: Callable[[Path], list[str]] = CHECK["check"]

INFO = "made_up-1.0.dist-info"
HEAD = """\
Metadata-Version: 2.4
Name: made-up
Version: 1.0
Requires-Python: >=3.11
License-Expression: Apache-2.0
Requires-Dist: plugwire<1,>=0.1.0
"""


def wheel(folder: Path, head: str = HEAD, **changes: Any) -> Path:
    path = folder / "made_up-1.0-py3-none-any.whl"
    files = {
        "made_up/__init__.py": "",
        "made_up/py.typed": "",
        f"{INFO}/licenses/LICENSE": "",
        f"{INFO}/METADATA": head,
    }
    files.update(changes.get("more", {}))
    with ZipFile(path, "w") as archive:
        for name, text in files.items():
            if name not in changes.get("less", ()):
                archive.writestr(name, text)
    return path


def sdist(folder: Path, *names: str) -> Path:
    path = folder / "made_up-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name in names:
            archive.addfile(
                tarfile.TarInfo(f"made_up-1.0/{name}"), io.BytesIO()
            )
    return path


def test_a_whole_wheel_has_no_problem(tmp_path: Path) -> None:
    assert wheel_problems(wheel(tmp_path)) == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("Name: made-up", "Name: other", "Name: expected made-up"),
        ("Version: 1.0", "Version: 1.1", "Version: expected 1.0"),
        (">=3.11", ">=3.11,<4", "Requires-Python: expected >=3.11"),
        ("Apache-2.0", "MIT", "License-Expression: expected Apache-2.0"),
        ("plugwire<1,>=0.1.0", "plugwire @ file:///x", "requires a place"),
    ],
)
def test_wrong_metadata_is_found(
    tmp_path: Path, old: str, new: str, problem: str
) -> None:
    [found] = wheel_problems(wheel(tmp_path, HEAD.replace(old, new)))
    assert found.startswith(problem)


def test_missing_and_strange_files_are_found(tmp_path: Path) -> None:
    path = wheel(
        tmp_path, less=["made_up/py.typed"], more={"tests/test_a.py": ""}
    )
    assert wheel_problems(path) == [
        "made_up/py.typed is missing",
        "holds tests",
    ]


def test_a_bare_source_distribution_is_found(tmp_path: Path) -> None:
    path = sdist(tmp_path, "LICENSE", "README.md", "pyproject.toml")
    assert sdist_problems(path) == [
        "PKG-INFO is missing",
        "src/made_up/py.typed is missing",
    ]


def test_what_is_not_installed_is_found(tmp_path: Path) -> None:
    assert import_problems("made_up", "1.0") == [
        "does not import: No module named 'made_up'"
    ]
    found = import_problems("pytest", "0.1")
    assert [problem.partition(" is ")[2] for problem in found] == [
        "installed, not 0.1"
    ]


def test_a_folder_is_checked_as_a_whole(tmp_path: Path) -> None:
    assert check(tmp_path) == [f"{tmp_path}: no wheels"]
    wheel(tmp_path)
    assert [problem.partition(": ")[2] for problem in check(tmp_path)] == [
        "does not import: No module named 'made_up'",
        "made_up-1.0.tar.gz is missing",
    ]
