"""The project's chores: `nox -s demo tests format lint types docs build dev
bench`.

Everything is installed with uv, which `nox[uv]` brings, into environments
under .nox. No Python is downloaded: a Python of the matrix that this machine
does not have is skipped with a word.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import nox

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
    "json",
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
DIST = Path("dist")
# As many as there are cores: real processes, signals and deadlines are tested.
WORKERS = os.cpu_count() or 1


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
    """The tests with their coverage, child processes included."""
    install_editable(session, *group("test"))
    # Not session.create_tmp(): it would move the tests' folders too, deep
    # into the checkout, and the path of a Unix socket holds 107 bytes.
    data = Path(session.virtualenv.location).resolve() / "coverage" / "data"
    data.parent.mkdir(exist_ok=True)
    env = {"COVERAGE_FILE": str(data), "PYTHONUNBUFFERED": "1"}
    session.run("coverage", "erase", env=env)
    chosen = session.posargs
    workers = f"--numprocesses={WORKERS}"
    session.run("coverage", "run", "-m", "pytest", workers, *chosen, env=env)
    session.run("coverage", "combine", "--quiet", env=env)
    # What a part of the tests covers says nothing about the whole.
    floor = ["--fail-under=0"] if chosen else []
    session.run("coverage", "report", *floor, env=env)


@nox.session
def tests(session: nox.Session) -> None:
    """The tests, on the Python that nox was started with."""
    run_tests(session)


def run_tests_bare(session: nox.Session) -> None:
    """The tests without their coverage, which one Python tells."""
    install_editable(session, *group("test"))
    session.run("pytest", f"--numprocesses={WORKERS}", *session.posargs)


for _python in PYTHONS:
    _named = nox.session(
        name=f"tests-{_python}", python=_python, default=False
    )
    _named(run_tests_bare)


@nox.session(default=False)
def uvloop(session: nox.Session) -> None:
    """Every scenario on uvloop, children and blocking servers too."""
    install_editable(session, *group("test"))
    # uvloop does not let a signal end a test that hangs.
    chosen = ["--loop=uvloop", "--timeout-method=thread", *session.posargs]
    workers = f"--numprocesses={WORKERS}"
    session.run("pytest", "tests/scenarios", workers, *chosen)


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
    """mypy --strict over every package, and over the typed tests."""
    install_editable(session, *group("lint"), *group("test"))
    packages = [part for name in PACKAGES for part in ("-p", name)]
    session.run("mypy", *packages)
    if Path("tests/typing").is_dir():
        session.run("mypy", "tests/typing")


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


if __name__ == "__main__":
    nox.main()
