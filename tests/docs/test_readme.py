"""What the README promises, read and run."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from plugwire import Server
from plugwire.cli.run import COMMANDS
from plugwire.loading import load_settings
from plugwire.plugins import installed

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
FRONT_DOOR = (
    "    python3 -m venv .venv && .venv/bin/pip install -q "
    '"nox[uv]" && .venv/bin/nox -s {}\n'
)


@pytest.fixture
def text() -> str:
    return README.read_text("utf-8")


def test_the_first_program_is_ten_lines_and_runs(
    page, run, place: Path
) -> None:
    (program,) = [b for b in page("README.md") if b.name == "hello.py"]
    lines = program.text.splitlines()[1:]  # without its name
    assert len([line for line in lines if line.strip()]) <= 10
    (place / "hello.py").write_text(program.text)
    assert run("hello.py") == "hello, world\n"


def test_the_first_program_runs_over_tcp_by_one_variable(
    page, run, place: Path, environment: dict[str, str]
) -> None:
    (program,) = [b for b in page("README.md") if b.name == "hello.py"]
    (place / "hello.py").write_text(program.text)
    environment["PLUGWIRE_TRANSPORT"] = "tcp"
    assert run("hello.py") == "hello, world\n"
    assert (place / "plugwire" / "token").exists()  # it was TCP indeed


@pytest.mark.parametrize("session", ["demo", "tests"])
def test_the_front_door_is_written_out(text: str, session: str) -> None:
    assert FRONT_DOOR.format(session) in text
    assert f"def {session}(" in (ROOT / "noxfile.py").read_text("utf-8")


def test_the_extras_named_for_a_clone_are_cores() -> None:
    project = tomllib.loads((ROOT / "core/pyproject.toml").read_text("utf-8"))
    extras = project["project"]["optional-dependencies"].keys()
    pages = README, ROOT / "docs" / "index.md"
    for page in pages:
        named = re.findall(r"pip install .*\[(.*?)\]", page.read_text("utf-8"))
        assert named, page
        assert {n for words in named for n in words.split(",")} <= {
            *extras,
            "uv",  # nox's
        }


def test_the_configuration_shown_is_one(page, place: Path) -> None:
    (block,) = [b for b in page("README.md") if b.language == "toml"]
    file = place / "plugwire.toml"
    file.write_text(block.text)
    settings = load_settings(file)
    Server("hello", settings=file)  # the plugins' sections are right, too
    doors = settings.doors("hello")
    assert [(d.transport, d.codec) for d in doors] == [
        ("unix", "json"),
        ("tcp", "json"),
    ]


def test_each_command_shown_exists(text: str) -> None:
    shown = set(re.findall(r"^    (?:.* \| )?plugwire (\w+)", text, re.M))
    assert len(shown) == 6
    assert shown <= COMMANDS.keys()


def test_the_plugins_listed_are_those_there_are(text: str) -> None:
    rows = re.findall(r"^\| `(plugwire[a-z-]*)` \| (.*?) \|", text, re.M)
    listed = {
        (distribution, name)
        for distribution, names in rows
        for name in re.findall(r"`(\w+)`", names)
    }
    ours = {
        (found.distribution, found.name)
        for found in installed()
        if found.distribution in dict(rows)
    }
    assert listed == ours
    folders = {f"plugwire-{path.name}" for path in ROOT.glob("plugins/*")}
    assert {distribution for distribution, _ in rows} - folders == {"plugwire"}


def test_its_links_lead_somewhere(text: str) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", text)
    assert len(links) > 8
    missing = [link for link in links if not (ROOT / link).exists()]
    assert missing == []


def test_it_is_read_in_one_go(text: str) -> None:
    assert len(text.splitlines()) < 150
