"""`plugwire new`: what it makes works, and it overwrites nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from plugwire import plugins
from plugwire.cli import main, template
from plugwire.cli.new import KINDS, LONGEST

SECONDS = 240
"""For the whole conformance kit in a child, on a machine that is busy."""
TEST_LINES = 15
PLUGIN_LINES = {"codec": 25}
OTHER_LINES = 60
FILES = {
    ".copier-answers.yml",
    ".github/workflows/ci.yml",
    ".gitignore",
    "LICENSE",
    "README.md",
    "noxfile.py",
    "pyproject.toml",
    "src/plugwire_my_own/__init__.py",
    "src/plugwire_my_own/py.typed",
    "tests/test_conformance.py",
}


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def new(tmp_path: Path) -> Callable[..., Path]:
    """Makes a project, and gives its folder."""

    def make(kind: str, name: str = "my_own") -> Path:
        place = tmp_path / "projects"
        assert main(["new", kind, name, "--into", str(place)]) == 0
        return place / f"plugwire-{name.replace('_', '-')}"

    return make


def put(project: Path, site: Path) -> None:
    """What an installer makes of the project: its package, its metadata."""
    (package,) = (project / "src").iterdir()
    shutil.copytree(package, site / package.name)
    table = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    info = site / f"{package.name}-{table['version']}.dist-info"
    info.mkdir()
    requires = [f"Requires-Dist: {text}" for text in table["dependencies"]]
    head = [
        "Metadata-Version: 2.4",
        f"Name: {table['name']}",
        f"Version: {table['version']}",
        f"Summary: {table['description']}",
        f"License-Expression: {table['license']}",
        f"License-File: {table['license-files'][0]}",
        f"Requires-Python: {table['requires-python']}",
        *requires,
        "",
        (project / table["readme"]).read_text(),
    ]
    (info / "METADATA").write_text("\n".join(head))
    points = [
        line
        for group, entries in table["entry-points"].items()
        for line in (f"[{group}]", *(f"{k} = {v}" for k, v in entries.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join(points))


def tool(project: Path, *words: str, path: str = "") -> str:
    """What `python -m` says about the project; it must be content."""
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=project,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_a_project_has_what_it_needs(kind, new, capsys) -> None:
    project = new(kind)
    out, err = capsys.readouterr()
    assert out == f"{project}\n"
    assert err.startswith(f"next: cd {project}, ")
    made = {
        path.relative_to(project).as_posix()
        for path in project.rglob("*")
        if path.is_file()
    }
    assert made == FILES
    table = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    assert table["name"] == "plugwire-my-own"
    assert table["entry-points"] == {
        f"plugwire.{kind}s": {
            "my_own": f"plugwire_my_own:MyOwn{kind.capitalize()}"
        }
    }
    for path in FILES:
        text = (project / path).read_text()
        assert "{{" not in text, path
        assert "{%" not in text, path
        assert text == "" or text.endswith("\n"), path
        assert not text.endswith("\n\n"), path


def test_the_readme_has_each_tool_that_it_calls_installed(new) -> None:
    text = (new("codec") / "README.md").read_text()
    commands = [line[4:] for line in text.splitlines() if line[:4] == "    "]
    brought: set[str] = {"plugwire", "pip"}
    for command in commands:
        words = command.replace('"nox[uv]"', "nox").split()
        if words[:2] == ["pip", "install"]:
            brought.update(words[2:])
            continue
        tool_called = words[2] if words[1:2] == ["-m"] else words[0]
        assert tool_called in brought, command
    assert {"build", "twine", "ruff", "pytest", "nox"} <= brought


@pytest.mark.parametrize("kind", KINDS)
def test_what_an_author_reads_is_short(kind, new) -> None:
    project = new(kind)
    lines = (project / "tests/test_conformance.py").read_text().splitlines()
    assert len(lines) <= TEST_LINES
    source = (project / "src/plugwire_my_own/__init__.py").read_text()
    code = [line for line in source.splitlines() if line.strip()]
    assert len(code) <= PLUGIN_LINES.get(kind, OTHER_LINES)


@pytest.mark.timeout(SECONDS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_project_passes_its_own_tests(kind, new, tmp_path: Path) -> None:
    project, site = new(kind), tmp_path / "site"
    put(project, site)
    # Plugins of pytest's that are this environment's, not the project's.
    others = ("cacheprovider", "xdist", "asyncio", "timeout")
    without = [f"-pno:{name}" for name in others]
    said = tool(project, "pytest", "-q", *without, path=str(site))
    assert " passed" in said


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """mypy's, for all kinds: plugwire itself is read once."""
    return tmp_path_factory.mktemp("cache")


@pytest.mark.timeout(SECONDS)
@pytest.mark.skipif(find_spec("mypy") is None, reason="mypy is not here")
@pytest.mark.parametrize("kind", KINDS)
def test_a_project_is_typed(kind, new, cache: Path) -> None:
    project = new(kind)
    words = ("mypy", f"--cache-dir={cache}")
    assert "Success" in tool(project, *words, path=str(project / "src"))


@pytest.mark.timeout(SECONDS)
@pytest.mark.skipif(find_spec("ruff") is None, reason="ruff is not here")
@pytest.mark.parametrize("name", ["x", "x" * LONGEST])
@pytest.mark.parametrize("kind", KINDS)
def test_a_project_of_any_name_is_tidy(kind, name, new) -> None:
    project = new(kind, name)
    tool(project, "ruff", "check", "--no-cache", ".")
    tool(project, "ruff", "format", "--no-cache", "--check", ".")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "a plugin is one of transport, codec, queue, permission, ext"),
        (["kodec", "x"], "not 'kodec'"),
        (["codec"], "which NAME? As in plugwire new codec NAME"),
        (["codec", "Zip"], "'Zip' is no plugin's name: a-z first"),
        (["codec", "a__b"], "no double _"),
        (["codec", "x" * 29], "is long: 28 characters at most"),
        (["codec", "../x"], "'../x' is no plugin's name"),
        (["codec", "codec"], "'codec' is a key of plugwire's own settings"),
        (["codec", "json"], "the codec 'json' (plugwire-json 0.1.0) is inst"),
        (["codec", "tcp"], "the transport 'tcp' (plugwire-tcp 0.1.0) is inst"),
        (
            ["codec", "x", "--update"],
            "--update takes neither a kind nor a NAME: it",
        ),
    ],
)
def test_a_wrong_question_is_told(words, said, capsys, tmp_path) -> None:
    place = tmp_path / "projects"
    assert main(["new", *words, "--into", str(place)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    assert line.startswith("plugwire: ")
    assert said in line
    assert not place.exists()


def test_a_first_party_name_is_taken_where_it_is_not_installed(
    capsys, tmp_path: Path, install, monkeypatch
) -> None:
    extras = ["plugwire-acme>=0.1; extra == 'acme'", "rich; extra == 'top'"]
    install("plugwire", {}, requires=extras)
    monkeypatch.setattr(sys, "path", [sys.path[-1], *sys.path[:-1]])
    plugins.rescan()
    assert main(["new", "codec", "acme", "--into", str(tmp_path / "p")]) == 2
    assert capsys.readouterr().err == (
        "plugwire: plugwire-acme is plugwire's own, though it is not "
        "installed here: choose another NAME than acme\n"
    )
    assert not (tmp_path / "p").exists()


def test_the_name_of_another_kinds_plugin_is_free(new) -> None:
    assert new("transport", "fifo").is_dir()  # plugwire-queue's


def test_nothing_is_overwritten(new, tmp_path: Path, capsys) -> None:
    project = new("codec")
    (project / "README.md").write_text("mine")
    capsys.readouterr()
    words = ["new", "codec", "my_own", "--into", str(project.parent)]
    assert main(words) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"plugwire: {project} exists, and nothing in it is")
    assert (project / "README.md").read_text() == "mine"
    gone = project.parent / "plugwire-gone"
    gone.symlink_to(tmp_path / "nowhere")
    assert main(["new", "codec", "gone", "--into", str(gone.parent)]) == 1
    assert not (tmp_path / "nowhere").exists()


def test_without_copier_it_says_how_to_get_it(
    monkeypatch, capsys, tmp_path
) -> None:
    monkeypatch.setitem(sys.modules, "copier", None)
    assert main(["new", "codec", "x", "--into", str(tmp_path)]) == 1
    assert capsys.readouterr() == (
        "",
        "plugwire: new renders a template with copier, which is not "
        'installed: pip install "plugwire[new]"\n',
    )
    assert not (tmp_path / "plugwire-x").exists()


def test_without_git_there_is_a_project(new, monkeypatch, capsys) -> None:
    monkeypatch.setattr(template.shutil, "which", lambda _: None)
    project = new("codec")
    assert "without git there is no" in capsys.readouterr().err
    assert (project / ".copier-answers.yml").is_file()
    assert main(["new", "--update", "--into", str(project)]) == 1
    assert "an update needs git" in capsys.readouterr().err


@pytest.fixture
def kept(new) -> Path:
    """A project that an author keeps in git, and has changed."""
    project: Path = new("codec")
    readme = project / "README.md"
    readme.write_text(readme.read_text().replace("Put your", "I put my"))
    git = ["git", "-c", "user.name=me", "-c", "user.email=me@localhost"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "mine"]):
        subprocess.run([*git, *words], cwd=project, check=True)
    return project


@pytest.fixture
def newer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugwire whose template ignores one file more is installed."""
    folder = tmp_path / "newer"
    shutil.copytree(template.PACKAGED, folder)
    ignored = folder / "project" / ".gitignore.jinja"
    ignored.write_text(f"{ignored.read_text()}/newer/\n")
    monkeypatch.setattr(template, "PACKAGED", folder)
    monkeypatch.setattr(template, "__version__", "7.0")


def test_a_project_takes_over_what_a_newer_template_has(
    kept: Path, newer: None, capsys
) -> None:
    capsys.readouterr()
    assert main(["new", "--update", "--into", str(kept)]) == 0
    assert capsys.readouterr().err.endswith("look at git diff\n")
    assert "/newer/\n" in (kept / ".gitignore").read_text()
    assert "I put my" in (kept / "README.md").read_text()
    assert "_commit: v7.0+2" in (kept / ".copier-answers.yml").read_text()


def test_copiers_own_update_does_the_same(kept: Path, newer: None) -> None:
    from copier import run_update

    template.source()
    run_update(kept, defaults=True, overwrite=True, quiet=True)
    assert "/newer/\n" in (kept / ".gitignore").read_text()
    assert "I put my" in (kept / "README.md").read_text()


def test_what_is_not_committed_is_not_touched(
    kept: Path, newer: None, capsys
) -> None:
    (kept / "README.md").write_text("not committed")
    assert main(["new", "--update", "--into", str(kept)]) == 1
    assert (
        capsys.readouterr()
        .err.splitlines()[-1]
        .startswith(f"plugwire: {kept}: ")
    )
    assert (kept / "README.md").read_text() == "not committed"


def test_what_is_no_project_is_told(tmp_path: Path, capsys) -> None:
    assert main(["new", "--update", "--into", str(tmp_path)]) == 1
    assert "has no .copier-answers.yml" in capsys.readouterr().err
