"""Where copier finds the template of `plugwire new`: in a git repository of
the user's, a tag for each state of it that was installed here.

A project remembers the tag that it was made from. `copier update` renders
that one and the newest, and brings the difference into the project; a folder
of an installed package could tell it neither.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from plugwire import __version__
from plugwire.errors import PlugwireError

PACKAGED = Path(__file__).parents[1] / "templates" / "plugin"
"""The template that is installed."""
GIT_SECONDS = 60.0
"""For one command of git, on a few small files."""


class Source(NamedTuple):
    """What copier is told: a path, and a tag of it, or None where it is no
    repository."""

    path: str
    tag: str | None


def source() -> Source:
    """The installed template, put into the user's repository of templates if
    it is not its newest; the bare folder where there is no git.

    Raises `PlugwireError` for a repository that cannot be written.
    """
    if shutil.which("git") is None:
        return Source(str(PACKAGED), None)
    repository = _data_home() / "plugwire" / "template"
    try:
        return Source(_short(repository), _current(repository))
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", "") or str(error)
        raise PlugwireError(
            f"cannot keep the template in {repository}: "
            f"{' '.join(said.split())[:500]}; remove that folder, it is made "
            "again"
        ) from error


def _current(repository: Path) -> str:
    """The tag of the installed template, which is committed if it is new.

    Straight from where it is installed: the repository has tags, an empty
    branch, and no files beside git's own, so that two who do this at once
    leave nothing half done, and that copier finds no changes in it.
    """
    repository.mkdir(parents=True, exist_ok=True)
    _git(repository, "init", "--quiet")
    if not _git(repository, "for-each-ref", "refs/heads"):
        empty = _git(repository, "mktree")  # of no lines, on standard input
        root = _git(repository, "commit-tree", empty, "-m", "See the tags")
        _git(repository, "update-ref", "HEAD", root)
    with tempfile.TemporaryDirectory() as scratch:
        index = f"{scratch}/index"
        _git(repository, "add", "--all", "--force", ".", index=index)
        tree = _git(repository, "write-tree", index=index)
    listed = "--format=%(tree) %(refname:short)"
    tags = _git(repository, "for-each-ref", listed, "refs/tags").splitlines()
    for line in tags:
        known, _, tag = line.partition(" ")
        if known == tree:
            return tag
    words = f"The template of plugwire {__version__}"
    commit = _git(repository, "commit-tree", tree, "-m", words)
    # Of one version there may be several states, while it is developed.
    tag = f"v{__version__}+{len(tags) + 1}"
    _git(repository, "tag", tag, commit)
    return tag


def _git(repository: Path, *words: str, index: str = "") -> str:
    places = {"GIT_DIR": str(repository / ".git")}
    if index:
        places |= {"GIT_WORK_TREE": str(PACKAGED), "GIT_INDEX_FILE": index}
    done = subprocess.run(
        ["git", *words],
        cwd=PACKAGED,
        env={**_environment(), **places},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=GIT_SECONDS,
        check=True,
    )
    return done.stdout.strip()


def _environment() -> Mapping[str, str]:
    """Git without the user's hooks, signatures and ignored names, and
    without the variables of a repository that we may be called from."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    names = ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME")
    mails = ("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL")
    return {
        **kept,
        **dict.fromkeys(names, "plugwire"),
        **dict.fromkeys(mails, "plugwire@localhost"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
    }


def _data_home() -> Path:
    named = Path(os.environ.get("XDG_DATA_HOME", ""))
    return named if named.is_absolute() else Path.home() / ".local" / "share"


def _short(path: Path) -> str:
    """`path`, from the home folder where it is in it, which may have another
    place for another who works on the project."""
    home = Path.home()
    if path.is_relative_to(home):
        return f"~/{path.relative_to(home).as_posix()}"
    return str(path)
