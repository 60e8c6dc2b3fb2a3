"""What nox's sessions of the matrix do; each installs wheels alone."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import environments
import nox
from pairwise import pairwise

HERE = Path(__file__).parent
TRANSPORTS = ("unix", "tcp", "memory")
CODECS = ("msgpack", "json", "msgspec")
DEPENDENCIES = ("lowest", "highest")
# Whose own tests talk over another's codec, whose floors count then.
BESIDE = {"plugwire-compress": "plugwire-msgspec"}
# What a transport, a codec and a new release of somebody else's can break.
SCENARIOS = (
    "tests/scenarios/test_codecs.py",
    "tests/scenarios/test_keeping.py",
    "tests/scenarios/test_receiving.py",
    "tests/scenarios/test_wrong_bytes.py",
)


def matrix(
    session: nox.Session, pythons: Sequence[str], tools: Sequence[str]
) -> None:
    """Scenarios for each Python, transport, codec, and the lowest and the
    highest dependencies: any two of them meet, with `--full` all four."""
    there = [python for python in pythons if environments.is_there(python)]
    for python in sorted(set(pythons).difference(there)):
        session.log(f"this machine has no Python {python}")
    words = [word for word in session.posargs if word != "--full"]
    columns = (there, TRANSPORTS, CODECS, DEPENDENCIES)
    is_full = "--full" in session.posargs
    rows = list(product(*columns)) if is_full else pairwise(*columns)
    wheels = environments.build_wheels(session)
    made: dict[tuple[str, str], str] = {}
    for number, row in enumerate(rows, 1):
        python, transport, codec, resolution = map(str, row)
        session.log(f"{number} of {len(rows)}: {' '.join(map(str, row))}")
        if (python, resolution) not in made:
            made[python, resolution] = environments.make(
                session,
                f"{python}-{resolution}",
                wheels,
                tools,
                python=python,
                lowest=wheels if resolution == "lowest" else (),
            )
        session.run(
            made[python, resolution],
            "-m",
            "pytest",
            "--quiet",
            "--numprocesses=2",
            f"--transport={transport}",
            f"--codec={codec}",
            *(words or SCENARIOS),
            external=True,
        )


def isolated(session: nox.Session) -> None:
    """Core alone, and each other distribution alone with core."""
    wheels = environments.build_wheels(session)
    [core] = [w for w in wheels if environments.distribution(w) == "plugwire"]
    for wheel in wheels:
        name = environments.distribution(wheel)
        both = list({core, wheel})
        python = environments.make(session, name, both, python=sys.executable)
        program = str(HERE / "alone.py")
        session.run(python, "-I", program, name, external=True)


def floors(
    session: nox.Session, tools: Sequence[str], core_tools: Sequence[str]
) -> None:
    """Each plugin's tests with the lowest that core and it require; core's
    own, with what its extras require, with `-- plugwire`."""
    wheels = environments.build_wheels(session)
    named = {environments.distribution(wheel): wheel for wheel in wheels}
    chosen = session.posargs or sorted(set(named) - {"plugwire"})
    broken: list[str] = []
    for name in chosen:
        lowest = {"plugwire", name, BESIDE.get(name, name)}
        is_core = name == "plugwire"
        python = environments.make(
            session,
            name,
            wheels,
            core_tools if is_core else tools,
            python=sys.executable,
            lowest=[named[one] for one in sorted(lowest)],
            extras=is_core,
        )
        folder = f"tests/plugins/{name.removeprefix('plugwire-')}"
        if is_core:
            folder = "tests/core"
        words = ("-m", "pytest", "--quiet", "--numprocesses=2", folder)
        try:
            session.run(python, *words, external=True)
        except nox.command.CommandFailed:
            broken.append(name)
    if broken:
        session.error(f"not with their lowest: {', '.join(broken)}")


def coexist(session: nox.Session, tools: Sequence[str]) -> None:
    """All of ours beside ten strangers, and fifty that do harm when they are
    imported, which none is."""
    wheels = environments.build_wheels(session)
    python = environments.make(
        session, "all", wheels, tools, python=sys.executable
    )
    place = "import sysconfig; print(sysconfig.get_path('purelib'))"
    words = (python, "-I", "-c", place)
    site = str(session.run(*words, silent=True, external=True)).strip()
    crowd = str(HERE / "crowd.py")
    with tempfile.TemporaryDirectory(prefix="pw-") as marks:
        session.run(python, crowd, site, marks, external=True)
        session.run(python, "-I", crowd, "list", external=True)
        session.run(python, "-I", crowd, "meet", external=True)
        demo = "docs/examples/demo.py"
        session.run(python, demo, "--messages=30", external=True)
        chosen = ("tests/scenarios/test_codecs.py", "--numprocesses=2")
        session.run(python, "-m", "pytest", "--quiet", *chosen, external=True)
        imported = sorted(path.name for path in Path(marks).iterdir())
        if imported:
            session.error(f"imported, and nobody named it: {imported}")
        session.log("0 of 50 that do harm were imported")
