"""Each module has its tests in the place that its own place suggests."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Modules that the tests of others show better than tests of their own.
EXCEPTIONS = {
    "tests/core/test_plugwire.py": "the face: tests/rules/test_exports.py",
    "tests/core/aio/test_host.py": "protocols",
    "tests/core/test_interfaces.py": "protocols and plain records",
    "tests/core/test_pipeline.py": "a plain record; test_compose fills it",
}


def has_code(source: str) -> bool:
    """Whether there is a function or a class in it to test."""
    definitions = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return any(
        isinstance(node, definitions) for node in ast.parse(source).body
    )


def mirror(source: Path) -> Path:
    """The test file of a source file, both relative to the root.

    A package's `__init__` is tested under the package's name.
    """
    parts = source.parts
    if parts[0] == "core":
        place, inside = Path("tests/core"), parts[3:]
    else:
        place, inside = Path("tests/plugins") / parts[1], parts[4:]
    *folders, _ = inside
    stem = source.stem
    if stem == "__init__":
        stem = source.parent.name
        folders = folders[:-1]
    return place.joinpath(*folders, f"test_{stem.strip('_')}.py")


def unmirrored(root: Path, sources: Iterable[Path]) -> list[str]:
    """The test files that ought to exist and do not.

    A module's tests may be in several files: `test_server.py`, or
    `test_server_doors.py` and `test_server_stop.py`.
    """
    missing = []
    for source in sources:
        if not has_code(source.read_text("utf-8")):
            continue
        wanted = mirror(source.relative_to(root))
        if str(wanted) in EXCEPTIONS:
            continue
        place = root / wanted.parent
        parts = place.glob(f"{wanted.stem}_*.py")
        if not ((root / wanted).exists() or any(parts)):
            missing.append(str(wanted))
    return missing


def sources() -> list[Path]:
    return sorted(
        path
        for pattern in ("core/src/**/*.py", "plugins/*/src/**/*.py")
        for path in ROOT.glob(pattern)
    )


def test_each_module_has_its_tests() -> None:
    assert unmirrored(ROOT, sources()) == []


def test_exceptions_are_still_needed() -> None:
    mirrors = {str(mirror(path.relative_to(ROOT))) for path in sources()}
    assert set(EXCEPTIONS) <= mirrors
    assert [name for name in EXCEPTIONS if (ROOT / name).exists()] == []


@pytest.mark.parametrize(
    ("source", "test"),
    [
        ("core/src/plugwire/fanout.py", "core/test_fanout.py"),
        ("core/src/plugwire/aio/server.py", "core/aio/test_server.py"),
        ("core/src/plugwire/cli/__init__.py", "core/test_cli.py"),
        ("core/src/plugwire/__init__.py", "core/test_plugwire.py"),
        ("core/src/plugwire/__main__.py", "core/test_main.py"),
        ("plugins/tcp/src/plugwire_tcp/ports.py", "plugins/tcp/test_ports.py"),
        (
            "plugins/tcp/src/plugwire_tcp/__init__.py",
            "plugins/tcp/test_plugwire_tcp.py",
        ),
    ],
)
def test_rule_knows_the_place(source: str, test: str) -> None:
    assert mirror(Path(source)) == Path("tests", test)


def test_rule_finds_what_is_missing(tmp_path: Path) -> None:
    core = tmp_path / "core/src/plugwire"
    core.mkdir(parents=True)
    tests = tmp_path / "tests/core"
    tests.mkdir(parents=True)
    for name in ("shown", "parted", "bare"):
        (core / f"{name}.py").write_text("class A: pass\n")
    (core / "numbers.py").write_text("ONE = 1\n")
    (tests / "test_shown.py").touch()
    (tests / "test_parted_one.py").touch()
    found = unmirrored(tmp_path, sorted(core.glob("*.py")))
    assert found == ["tests/core/test_bare.py"]
