"""Check built distributions: `python wheels.py FOLDER`.

Run by an interpreter that has the wheels of FOLDER installed and nothing of
the checkout; it needs the standard library only. Each problem is one line on
standard error, and the exit status is then 1.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import re
import sys
import tarfile
from email.message import Message
from email.parser import Parser
from pathlib import Path, PurePosixPath
from zipfile import ZipFile

LEFT_OVER = re.compile(r"workspace|file:|@ |\{root", re.IGNORECASE)


def metadata(wheel: ZipFile) -> Message:
    [path] = [n for n in wheel.namelist() if n.endswith("/METADATA")]
    return Parser().parsestr(wheel.read(path).decode())


def wheel_problems(path: Path) -> list[str]:
    """What is wrong with a wheel, in words."""
    with ZipFile(path) as wheel:
        names = set(wheel.namelist())
        head = metadata(wheel)
    stem, version, *_ = path.name.split("-")
    problems = []
    wanted = {
        "Name": stem.replace("_", "-"),
        "Version": version,
        "License-Expression": "Apache-2.0",
        "Requires-Python": ">=3.11",
    }
    for key, value in wanted.items():
        if head[key] != value:
            problems.append(f"{key}: expected {value}, found {head[key]}")
    info = f"{stem}-{version}.dist-info"
    for needed in (f"{stem}/py.typed", f"{info}/licenses/LICENSE"):
        if needed not in names:
            problems.append(f"{needed} is missing")
    for requirement in head.get_all("Requires-Dist", []):
        if LEFT_OVER.search(requirement):
            problems.append(f"requires a place: {requirement}")
    tops = {name.partition("/")[0] for name in names}
    for stranger in sorted(tops - {stem, info}):
        problems.append(f"holds {stranger}")
    return problems


def sdist_problems(path: Path) -> list[str]:
    """What is wrong with a source distribution, in words."""
    with tarfile.open(path) as archive:
        names = {
            str(PurePosixPath(*PurePosixPath(name).parts[1:]))
            for name in archive.getnames()
        }
    stem = path.name.partition("-")[0]
    needed = ("LICENSE", "README.md", "pyproject.toml", "PKG-INFO")
    return [
        f"{name} is missing"
        for name in (*needed, f"src/{stem}/py.typed")
        if name not in names
    ]


def import_problems(stem: str, version: str) -> list[str]:
    """What is wrong with the installed package, in words."""
    try:
        package = importlib.import_module(stem)
    except ImportError as error:
        return [f"does not import: {error}"]
    problems = []
    found = importlib.metadata.version(stem)
    if found != version:
        problems.append(f"{found} is installed, not {version}")
    place = Path(package.__path__[0]).parent
    if not place.name.endswith("-packages"):
        problems.append(f"imported from {place}, not as installed")
    return problems


def check(folder: Path) -> list[str]:
    """Every problem of every distribution of a folder."""
    wheels = sorted(folder.glob("*.whl"))
    problems = [] if wheels else [f"{folder}: no wheels"]
    for wheel in wheels:
        stem, version, *_ = wheel.name.split("-")
        sdist = folder / f"{stem}-{version}.tar.gz"
        found = wheel_problems(wheel) + import_problems(stem, version)
        if sdist.exists():
            found += sdist_problems(sdist)
        else:
            found.append(f"{sdist.name} is missing")
        problems += [f"{wheel.name}: {problem}" for problem in found]
    return problems


def main() -> int:
    folder = Path(sys.argv[1])
    problems = check(folder)
    print(*problems, sep="\n", end="\n" if problems else "", file=sys.stderr)
    if not problems:
        count = len(list(folder.glob("*.whl")))
        print(f"{count} distributions, installed and whole")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
