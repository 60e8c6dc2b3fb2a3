"""Where copier finds the template of `plugwire new`."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from plugwire import __version__
from plugwire.cli import template
from plugwire.cli.template import PACKAGED, source
from plugwire.errors import PlugwireError

FIRST = f"v{__version__}+1"


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's data, and settings of git that would be in the way."""
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        "[commit]\ngpgsign = true\n[core]\nexcludesFile = ~/.ignored\n"
    )
    (home / ".ignored").write_text("*.jinja\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "of-another"))
    return tmp_path / "data"


def git(repository: Path, *words: str) -> str:
    return subprocess.run(
        ["git", *words],
        cwd=repository,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def tracked(path: str | Path, tag: str) -> set[str]:
    listed = git(Path(path), "ls-tree", "-r", "-z", "--name-only", tag)
    return set(filter(None, listed.split("\0")))


def test_every_file_is_in_the_repository(data: Path) -> None:
    assert source() == (str(data / "plugwire" / "template"), FIRST)
    packaged = {
        path.relative_to(PACKAGED).as_posix()
        for path in PACKAGED.rglob("*")
        if path.is_file()
    }
    assert tracked(data / "plugwire" / "template", FIRST) == packaged


def test_the_same_template_has_the_same_tag() -> None:
    assert source() == source()


def test_another_state_has_a_tag_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source()
    newer = tmp_path / "newer"
    shutil.copytree(PACKAGED, newer)
    (newer / "copier.yml").unlink()
    (newer / "more").write_text("more\n")
    monkeypatch.setattr(template, "PACKAGED", newer)
    monkeypatch.setattr(template, "__version__", "7.0")
    path, tag = source()
    assert tag == "v7.0+2"
    assert "more" in tracked(path, tag)
    assert "copier.yml" not in tracked(path, tag)


def test_a_state_that_comes_back_has_its_tag(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source()
    newer = tmp_path / "newer"
    shutil.copytree(PACKAGED, newer)
    (newer / "more").write_text("more\n")
    with monkeypatch.context() as while_newer:
        while_newer.setattr(template, "PACKAGED", newer)
        assert source().tag == f"v{__version__}+2"
    assert source().tag == FIRST


def test_the_path_is_told_from_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "relative/is/ignored")
    assert source().path == "~/.local/share/plugwire/template"
    made = tmp_path / "home/.local/share/plugwire/template"
    shown = git(made, "show", f"{FIRST}:copier.yml")
    assert shown == (PACKAGED / "copier.yml").read_text()


def test_without_git_it_is_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert source() == (str(PACKAGED), None)


def test_a_repository_that_is_none_is_told(data: Path) -> None:
    place = data / "plugwire" / "template"
    (place / ".git").mkdir(parents=True)
    (place / ".git" / "HEAD").write_text("nonsense")
    with pytest.raises(PlugwireError, match="remove that folder") as caught:
        source()
    assert str(place) in str(caught.value)


def test_a_place_that_cannot_be_written_is_told(data: Path) -> None:
    data.write_text("a file")
    with pytest.raises(PlugwireError, match="cannot keep the template in"):
        source()
