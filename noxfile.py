"""The project's chores: `nox --list` tells them.

Everything is installed with uv, which `nox[uv]` brings, into environments
under .nox. No Python is downloaded: a Python of the matrix that this machine
does not have is skipped with a word.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import nox

sys.path.append(str(Path(__file__).parent / "tests" / "matrix"))
import newcomer as first
import sessions as installed

nox.needs_version = ">=2025.5"
nox.options.default_venv_backend = "uv"
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = False  # in CI too
nox.options.sessions = ["lint", "types", "tests"]
os.environ["UV_PYTHON_DOWNLOADS"] = "never"
# Tests start a thousand Pythons: none need compile what another one has.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# The workspace's uv.lock and a .venv beside it are nox's callers' business.
os.environ.pop("VIRTUAL_ENV", None)

PYTHONS = ("3.11", "3.12", "3.13")
PLUGINS = (
    "compress",
    "json",
    "metrics",
    "msgpack",
    "msgspec",
    "permissions",
    "queue",
    "tcp",
    "unix",
)
FOLDERS = ("./core", *(f"./plugins/{name}" for name in PLUGINS))
DISTRIBUTIONS = ("plugwire", *(f"plugwire-{name}" for name in PLUGINS))
PACKAGES = tuple(name.replace("-", "_") for name in DISTRIBUTIONS)
# What `plugwire new` makes.
TEMPLATES = ("codec", "extension", "permission", "queue", "transport")
DIST = Path("dist")
# One more than there are cores: a test waits for other processes a third of
# its time. What it leaves is taken over, since the slow ones are neighbours.
WORKERS = (os.cpu_count() or 1) + 1
SPREAD = (f"--numprocesses={WORKERS}", "--dist=worksteal")


def group(name: str) -> list[str]:
    """The requirements of a dependency group of pyproject.toml."""
    project = nox.project.load_toml("pyproject.toml")
    return list(nox.project.dependency_groups(project, name))


def install_editable(session: nox.Session, *requirements: str) -> None:
    """Install the checkout itself, so that coverage sees its own files."""
    folders = [part for folder in FOLDERS for part in ("-e", folder)]
    session.install(*requirements, *folders)


@nox.session
def demo(session: nox.Session) -> None:
    """A live server and its clients; Ctrl-C ends it."""
    # uv takes a folder whose pyproject.toml did not change for unchanged.
    fresh = [f"--refresh-package={name}" for name in DISTRIBUTIONS]
    session.install(*fresh, *FOLDERS)
    session.run(
        "python",
        "docs/examples/demo.py",
        *session.posargs,
        interrupt_timeout=15,  # seconds to count and to see its children end
    )


def run_tests(session: nox.Session) -> None:
    """The tests as users meet the code: nothing measures it."""
    install_editable(session, *group("test"))
    session.run("pytest", *SPREAD, *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """The tests, on the Python that nox was started with."""
    run_tests(session)


for _python in PYTHONS:
    _named = nox.session(
        name=f"tests-{_python}", python=_python, default=False
    )
    _named(run_tests)


@nox.session(default=False)
def coverage(session: nox.Session) -> None:
    """The tests with their coverage, child processes included."""
    install_editable(session, *group("test"))
    # Not session.create_tmp(): it would move the tests' folders too, deep
    # into the checkout, and the path of a Unix socket holds 107 bytes.
    data = Path(session.virtualenv.location).resolve() / "coverage" / "data"
    data.parent.mkdir(exist_ok=True)
    env = {"COVERAGE_FILE": str(data), "PYTHONUNBUFFERED": "1"}
    # From 3.12 on Python itself tells which lines ran, for a quarter more
    # time; which branches were taken, from 3.14 on. A tracer doubles it.
    python = session.run(
        "python",
        "-c",
        "import sys; print(sys.version_info[1])",
        silent=True,
    )
    minor = int(python or 0)
    if minor >= 12:
        env["COVERAGE_CORE"] = "sysmon"
    branch = () if minor in (12, 13) else ("--branch",)
    session.run("coverage", "erase", env=env)
    chosen = session.posargs
    words = (*branch, "-m", "pytest", *SPREAD, *chosen)
    session.run("coverage", "run", *words, env=env)
    session.run("coverage", "combine", "--quiet", env=env)
    # What a part of the tests covers says nothing about the whole.
    floor = ["--fail-under=0"] if chosen else []
    session.run("coverage", "report", *floor, env=env)


@nox.session(default=False)
def uvloop(session: nox.Session) -> None:
    """Every scenario on uvloop, children and blocking servers too."""
    install_editable(session, *group("test"))
    # uvloop does not let a signal end a test that hangs.
    chosen = ["--loop=uvloop", "--timeout-method=thread", *session.posargs]
    session.run("pytest", "tests/scenarios", *SPREAD, *chosen)


@nox.session(name="format")
def format_code(session: nox.Session) -> None:
    """Write every Python file in the one format."""
    session.install(*group("lint"))
    session.run("ruff", "check", "--fix", ".")
    session.run("ruff", "format", ".")


@nox.session
def lint(session: nox.Session) -> None:
    """What ruff has to say, format included; nothing is written."""
    session.install(*group("lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """mypy --strict over every package; what authors write, and get wrong,
    by mypy and pyright."""
    install_editable(session, *group("lint"), *group("test"))
    packages = [part for name in PACKAGES for part in ("-p", name)]
    session.run("mypy", *packages)
    session.run("python", "tests/typing/check.py")


@nox.session
def docs(session: nox.Session) -> None:
    """The documentation site, strictly, into dist/site."""
    install_editable(session, *group("docs"))
    quiet = {"NO_MKDOCS_2_WARNING": "1"}  # the theme's, about its successor
    session.run("mkdocs", "build", "--strict", "-f", ".mkdocs.yml", env=quiet)


@nox.session
def build(session: nox.Session) -> None:
    """Source distributions and wheels into dist, installed and checked."""
    for pattern in ("*.whl", "*.tar.gz"):
        for old in DIST.glob(pattern):
            old.unlink()
    session.run("uv", "build", "--all-packages", "--out-dir", str(DIST))
    wheels = sorted(str(wheel) for wheel in DIST.glob("*.whl"))
    session.install(*wheels)
    session.run("python", "-I", "tests/rules/wheels.py", str(DIST))


@nox.session
def dev(session: nox.Session) -> None:
    """An environment with everything editable and every tool, as locked."""
    place = session.virtualenv.location
    session.run_install(
        "uv",
        "sync",
        "--all-packages",
        "--group=dev",
        f"--python={sys.executable}",
        env={"UV_PROJECT_ENVIRONMENT": place},
    )
    session.log(f"ready: {shutil.which('python', path=session.bin)}")


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """plugwire against its peers: `-- --only w1 --peers pyzmq --quick`."""
    # As demo does; not editable, since start-up times are measured.
    fresh = [f"--refresh-package={name}" for name in DISTRIBUTIONS]
    session.install(*fresh, *group("bench"), *FOLDERS)
    env = {"PYTHONPATH": str(Path("tests").resolve())}
    session.run("python", "-m", "benchmarks", *session.posargs, env=env)


@nox.session(default=False)
def template(session: nox.Session) -> None:
    """What `plugwire new` makes, by its own nox, untouched: each kind, or
    the one of `-- codec`."""
    # Its path is short, for the sockets of what is tested in it.
    with tempfile.TemporaryDirectory(prefix="pw-") as name:
        place = Path(name)
        wheels = place / "wheels"
        session.run(
            "uv", "build", "--package=plugwire", "--wheel", "-o", str(wheels)
        )
        (wheel,) = wheels.glob("*.whl")
        constraint = place / "constraint.txt"
        constraint.write_text(f"plugwire @ {wheel.as_uri()}\n")
        env: dict[str, str | None] = {
            # This checkout's plugwire, and no index is asked for it.
            "UV_CONSTRAINT": str(constraint),
            "XDG_DATA_HOME": str(place / "data"),
            "CI": None,  # with it a Python that is not here is a failure
        }
        session.install("plugwire[new]", "nox[uv]", env=env)
        for kind in session.posargs or TEMPLATES:
            project = f"{name}/plugwire-trial-{kind}"
            words = ("new", kind, f"trial_{kind}", f"--into={name}")
            session.run("plugwire", *words, env=env)
            session.run("nox", f"--noxfile={project}/noxfile.py", env=env)


@nox.session(default=False)
def newcomer(session: nox.Session) -> None:
    """From `plugwire new` to a codec of one's own that a program talks over,
    as a newcomer would go, in at most five minutes."""
    first.newcomer(session)


@nox.session(default=False)
def matrix(session: nox.Session) -> None:
    """Python, transport, codec, lowest and highest dependencies: each two of
    them, or with `-- --full` all four, from wheels."""
    installed.matrix(session, PYTHONS, group("plugins"))


@nox.session(default=False)
def isolated(session: nox.Session) -> None:
    """Each distribution's wheel alone with core's."""
    installed.isolated(session)


@nox.session(default=False)
def floors(session: nox.Session) -> None:
    """Each plugin's tests with its lowest direct dependencies, from wheels;
    or those of `-- plugwire-json`."""
    installed.floors(session, group("plugins"), group("core"))


@nox.session(default=False)
def coexist(session: nox.Session) -> None:
    """All plugins beside ten strangers and fifty that do harm if imported."""
    installed.coexist(session, group("plugins"))


if __name__ == "__main__":
    nox.main()
