"""What the house looks like: its top level, its lines, its versions."""

from __future__ import annotations

import ast
import re
import tokenize
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import plugwire

ROOT = Path(__file__).parents[2]
TOP = {
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "core",
    "docs",
    "noxfile.py",
    "plugins",
    "pyproject.toml",
    "tests",
    "uv.lock",
}
MADE = {"build", "dist", "__pycache__"}  # by tools, ignored by git
FOLDERS = [ROOT / "core", *sorted((ROOT / "plugins").glob("*"))]
WIDTH = 79
PYTHON = {".py", ".pyi"}
TEXTS = PYTHON | {".md", ".toml", ".yml", ".yaml", ".sh", ".cfg"}

# The brackets keep the patterns from finding themselves.
NOTES = re.compile(r"\b(?:TO[D]O|FIX[M]E|XX[X])\b")
BARE = re.compile(r"type:\s*ignor[e](?!\[)|\bnoq[a]\b(?!: *[A-Z])")
PLACES = re.compile(
    r"/(?:hom[e](?!/me/)|roo[t]|User[s]|wor[k]|workspac[e])/\w|/tmp/[\w.]+/bi[n]/"
    r"|\bissues? (?:\w+ )?#?\d"
)


def texts(root: Path) -> Iterator[Path]:
    """The project's own text files, generated ones left out."""
    yield from (p for p in root.glob("*") if p.suffix in TEXTS)
    yield from (p for p in root.glob(".*") if p.suffix in TEXTS)
    yield from (p for p in root.glob(".ci/*") if p.is_file())
    for folder in ("core", "plugins", "tests", "docs"):
        for path in sorted((root / folder).rglob("*")):
            hidden = any(
                part.startswith(".") or part in MADE
                for part in path.relative_to(root).parts
            )
            if path.suffix in TEXTS and not hidden:
                yield path


def strangers(names: Iterable[str]) -> set[str]:
    """Names that the top level does not hold."""
    return {
        name
        for name in names
        if name not in TOP | MADE and not name.startswith(".")
    }


def findings(pattern: re.Pattern[str], text: str) -> list[str]:
    return [
        f"line {number}: {match.group()}"
        for number, line in enumerate(text.splitlines(), 1)
        if (match := pattern.search(line))
    ]


def too_wide(text: str) -> list[int]:
    """The lines past the width; one unbreakable word may be longer."""
    return [
        number
        for number, line in enumerate(text.splitlines(), 1)
        if len(line) > WIDTH and len(line.split()) > 1
    ]


def comments(path: Path) -> str:
    """A source's comments, each on its own line of otherwise nothing."""
    with path.open("rb") as source:
        tokens = list(tokenize.tokenize(source.readline))
    lines = [""] * tokens[-1].end[0]
    for token in tokens:
        if token.type == tokenize.COMMENT:
            lines[token.start[0] - 1] = token.string
    return "\n".join(lines)


def spoilt_docstrings(source: str) -> list[str]:
    """What is documented by a text that holds what nobody can read: its
    escapes were taken for what they stand for."""
    documented = ast.Module | ast.ClassDef | ast.FunctionDef
    return [
        getattr(node, "name", "the module")
        for node in ast.walk(ast.parse(source))
        if isinstance(node, documented | ast.AsyncFunctionDef)
        and not (ast.get_docstring(node) or "").replace("\n", "").isprintable()
    ]


def project(folder: Path) -> dict[str, object]:
    with (folder / "pyproject.toml").open("rb") as file:
        table: dict[str, object] = tomllib.load(file)["project"]
    return table


def test_top_level_holds_nothing_else() -> None:
    names = {path.name for path in ROOT.iterdir()}
    assert strangers(names) == set()
    assert TOP - names == set()


def test_no_python_line_is_too_wide() -> None:
    wide = {
        str(path.relative_to(ROOT)): too_wide(path.read_text("utf-8"))
        for path in texts(ROOT)
        if path.suffix in PYTHON
    }
    assert {name: lines for name, lines in wide.items() if lines} == {}


def test_nothing_is_left_for_later() -> None:
    found = {
        str(path.relative_to(ROOT)): findings(NOTES, path.read_text("utf-8"))
        for path in texts(ROOT)
    }
    assert {name: notes for name, notes in found.items() if notes} == {}


def test_silenced_checks_say_which() -> None:
    found = {
        str(path.relative_to(ROOT)): findings(BARE, comments(path))
        for path in texts(ROOT)
        if path.suffix in PYTHON
    }
    assert {name: notes for name, notes in found.items() if notes} == {}


def test_docstrings_can_be_read() -> None:
    assert spoilt_docstrings('def f():\n    """b"\\x99"."""\n') == ["f"]
    found = {
        str(path.relative_to(ROOT)): spoilt_docstrings(path.read_text("utf-8"))
        for path in texts(ROOT)
        if path.suffix == ".py"
    }
    assert {name: spoilt for name, spoilt in found.items() if spoilt} == {}


def test_no_text_names_one_machine() -> None:
    found = {
        str(path.relative_to(ROOT)): findings(PLACES, path.read_text("utf-8"))
        for path in texts(ROOT)
    }
    assert {name: notes for name, notes in found.items() if notes} == {}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_each_distribution_is_whole(folder: Path) -> None:
    table = project(folder)
    name = str(table["name"]).replace("-", "_")
    assert table["version"] == plugwire.__version__
    assert table["requires-python"] == ">=3.11"
    assert table["license"] == "Apache-2.0"
    assert (folder / "src" / name / "py.typed").is_file()
    assert (folder / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()
    # More than the heading that it began with.
    assert len((folder / "README.md").read_text("utf-8").split()) > 20
    assert table["classifiers"]


@pytest.mark.parametrize("folder", FOLDERS[1:], ids=lambda path: path.name)
def test_each_plugin_is_named_after_its_folder(folder: Path) -> None:
    assert project(folder)["name"] == f"plugwire-{folder.name}"


def test_standard_brings_every_plugin_that_has_no_extra_of_its_own() -> None:
    extras = project(ROOT / "core")["optional-dependencies"]
    assert isinstance(extras, dict)
    brought = [entry.partition(">")[0] for entry in extras["standard"]]
    for folder in FOLDERS[1:]:
        if folder.name in extras:
            (entry,) = extras[folder.name]
            brought.append(entry.partition(">")[0])
    names = [project(folder)["name"] for folder in FOLDERS[1:]]
    assert sorted(brought) == sorted(map(str, names))


def test_changelog_knows_the_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert f"\n## [{plugwire.__version__}]" in text


# The rules themselves, on made-up texts.


def test_rule_finds_strangers() -> None:
    names = {"core", ".git", "dist", "setup.py", "scripts"}
    assert strangers(names) == {"setup.py", "scripts"}


def test_rule_measures_width() -> None:
    fits, wide, word = "a " * 39, "a " * 41, "a" * 100
    assert too_wide("\n".join((fits, wide, word))) == [2]


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (NOTES, "# TO" + "DO: later", True),
        (NOTES, "todo lists are data", False),
        (BARE, "# type: ignore", True),
        (BARE, "# type: ignore[arg-type]", False),
        (BARE, "# noqa", True),
        (BARE, "# noqa: BLE001", False),
        (PLACES, "see /home" + "/jo/plugwire", True),
        (PLACES, "/home/me/token", False),
        (PLACES, "~/.plugwire/run", False),
        (PLACES, "as issue " + "12 says", True),
        (PLACES, "an issue with order", False),
    ],
)
def test_rule_finds_words(
    pattern: re.Pattern[str], text: str, found: bool
) -> None:
    assert bool(findings(pattern, text)) is found


def test_rule_reads_comments_only(tmp_path: Path) -> None:
    source = tmp_path / "made_up.py"
    source.write_text('a = "# noqa"\nb = 1  # noqa\n')
    assert findings(BARE, comments(source)) == ["line 2: noqa"]


def test_rule_leaves_generated_files_out(tmp_path: Path) -> None:
    for name in ("core/a.py", "core/dist/b.py", "docs/.c/d.md", "site/e.md"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert [path.name for path in texts(tmp_path)] == ["a.py"]
