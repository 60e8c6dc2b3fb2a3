"""Environments made of wheels, for nox's sessions: nothing is editable, and
what uv's workspace knows has no say."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import nox
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def is_there(python: str) -> bool:
    """Whether this machine has the Python of a version like `3.12`."""
    try:
        command = [f"python{python}", "-c", ""]
        return subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        return False


def build_wheels(session: nox.Session) -> list[Path]:
    """The wheels of every distribution of the workspace."""
    place = Path(session.virtualenv.location).resolve() / "wheels"
    for old in place.glob("*.whl"):
        old.unlink()
    words = ("--all-packages", "--wheel", "--quiet", "--out-dir", str(place))
    session.run("uv", "build", *words, external=True)
    return sorted(place.glob("*.whl"))


def distribution(wheel: Path) -> str:
    """A wheel's distribution: `plugwire-json`."""
    return wheel.name.split("-")[0].replace("_", "-")


def direct(
    wheels: Iterable[Path], *, extras: bool = False
) -> dict[str, set[str]]:
    """What wheels require of others here, by its name; with `extras`, for
    each of them too."""
    found: dict[str, set[str]] = {}
    for wheel in wheels:
        with ZipFile(wheel) as files:
            [path] = [n for n in files.namelist() if n.endswith("/METADATA")]
            head = Parser().parsestr(files.read(path).decode())
        chosen = ["", *(head.get_all("Provides-Extra", []) if extras else [])]
        for said in head.get_all("Requires-Dist", []):
            wanted = Requirement(said)
            is_here = not wanted.marker or any(
                wanted.marker.evaluate({"extra": extra}) for extra in chosen
            )
            if is_here and not wanted.name.startswith("plugwire"):
                wanted.marker = None  # uv knows no extra of a wheel's here
                found.setdefault(canonicalize_name(wanted.name), set())
                found[canonicalize_name(wanted.name)].add(str(wanted))
    return found


def floors(
    session: nox.Session, wheels: Iterable[Path], python: str, *, extras: bool
) -> dict[str, str]:
    """The lowest version of each direct requirement, by its name."""
    wanted = direct(wheels, extras=extras)
    if not wanted:
        return {}
    place = Path(session.virtualenv.location).resolve()
    source = place / "direct.in"
    lines = sorted(set().union(*wanted.values()))
    source.write_text("".join(f"{line}\n" for line in lines))
    said = session.run(
        "uv",
        "pip",
        "compile",
        "--quiet",
        "--resolution=lowest-direct",
        "--no-annotate",
        "--no-header",
        f"--python={python}",
        str(source),
        silent=True,
        external=True,
    )
    pins: dict[str, str] = {}
    for line in str(said).split("\n"):
        name = canonicalize_name(line.partition("==")[0])
        if name in wanted:
            pins[name] = line.strip()
    return pins


def _fits(wheel: Path, pins: dict[str, str]) -> bool:
    """Whether a wheel works with the versions of `pins`."""
    return all(
        Requirement(line).specifier.contains(
            pins[name].partition("==")[2], prereleases=True
        )
        for name, lines in direct([wheel]).items()
        if name in pins
        for line in lines
    )


def make(
    session: nox.Session,
    name: str,
    wheels: Sequence[Path],
    others: Iterable[str] = (),
    *,
    python: str,
    lowest: Iterable[Path] = (),
    extras: bool = False,
) -> str:
    """A fresh environment with `wheels` and `others`; its interpreter. What
    those of `lowest` require themselves, with `extras` for these too, is as
    low as they allow; who wants more is left out."""
    place = Path(session.virtualenv.location).resolve() / name
    words = ("--quiet", "--clear", f"--python={python}", str(place))
    session.run("uv", "venv", *words, external=True)
    interpreter = str(place / "bin" / "python")
    pins = floors(session, lowest, interpreter, extras=extras)
    for pin in pins.values():
        session.log(f"lowest: {pin}")
    fitting = [wheel for wheel in wheels if _fits(wheel, pins)]
    for wheel in sorted(set(wheels).difference(fitting)):
        session.log(f"left out, it wants more: {distribution(wheel)}")
    constraints = place / "constraints.txt"
    constraints.write_text("".join(f"{pin}\n" for pin in pins.values()))
    session.run(
        "uv",
        "pip",
        "install",
        "--quiet",
        f"--python={interpreter}",
        f"--find-links={wheels[0].parent}",
        f"--constraint={constraints}",
        *map(str, fitting),
        *others,
        external=True,
    )
    return interpreter
