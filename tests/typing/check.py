"""mypy and pyright, at their strictest, over what authors write.

All of `good.py` must pass. Of `wrong.py` each line that ends in `# WRONG: …`
must be refused, by both, and no other line: a mistake that slips through
fails as an error too many does. Run by `nox -s types`.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
GOOD, WRONG = HERE / "good.py", HERE / "wrong.py"
SECONDS = 600.0
"""A deadline for a tool that hangs, far over what a cold cache takes."""
_LINE = re.compile(r"^(?P<file>[^:\n]+):(?P<line>\d+): error: ", re.MULTILINE)

Places = set[tuple[str, int]]


def run(*command: str) -> str:
    """The standard output of a tool that works; it may find errors."""
    done = subprocess.run(
        [sys.executable, "-m", *command],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=SECONDS,
    )
    if done.returncode not in (0, 1):
        raise SystemExit(f"{command[0]} failed: {done.stdout}{done.stderr}")
    return done.stdout


def mypy() -> Places:
    """Where mypy finds errors."""
    told = run("mypy", "--strict", str(GOOD), str(WRONG))
    return {
        (Path(found["file"]).name, int(found["line"]))
        for found in _LINE.finditer(told)
    }


def pyright() -> Places:
    """Where pyright finds errors, by [tool.pyright]."""
    told = json.loads(
        run("pyright", "--outputjson", f"--pythonpath={sys.executable}")
    )
    if not told["summary"]["filesAnalyzed"]:
        raise SystemExit("pyright looked at no file")
    return {
        (Path(one["file"]).name, one["range"]["start"]["line"] + 1)
        for one in told["generalDiagnostics"]
        if one["severity"] == "error"
    }


def expected() -> Places:
    """The lines that are marked."""
    lines = WRONG.read_text("utf-8").splitlines()
    return {
        (WRONG.name, number)
        for number, line in enumerate(lines, 1)
        if "# WRONG: " in line
    }


def main() -> int:
    """0 when both find what is marked, and nothing else."""
    wanted, status = expected(), 0
    if len(wanted) < 10:
        print(f"{WRONG.name} has {len(wanted)} marks: it is not the file")
        return 1
    checkers: tuple[Callable[[], Places], ...] = (mypy, pyright)
    for checker in checkers:
        found = checker()
        for name, line in sorted(found - wanted):
            status = 1
            print(f"{checker.__name__}: {name}:{line} is refused")
        for name, line in sorted(wanted - found):
            status = 1
            print(f"{checker.__name__}: {name}:{line} slips through")
        print(f"{checker.__name__}: {len(wanted & found)} mistakes refused")
    return status


if __name__ == "__main__":
    raise SystemExit(main())
